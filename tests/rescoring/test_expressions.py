"""The expressions find what the live rules find, to the last bit, in whatever a device may send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from roadlens.domain import EVENT_TYPES, EventSource
from roadlens.rescoring.classes import number_of
from roadlens.rescoring.columns import columns
from roadlens.rescoring.duck import Duck
from roadlens.rescoring.finish import found_by_trip, sums_by_trip
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.binary import Positions
from roadlens.telemetry.derive import Event
from roadlens.telemetry.formulas import Found, find
from roadlens.telemetry.track import Track
from roadlens.telemetry.work import Rules
from tests.support.odd_drives import odd_drive

# A truck brakes less hard, and a van may be told how fast it may go at most.
PARAMETERS = replace(DEFAULT, classes=(*DEFAULT.classes, ("van", (("speed_at_most_kmh", 70.0),))))
RULES = Rules(2, PARAMETERS, ZoneInfo("Europe/Berlin"))
CATEGORIES = (None, "Truck", "van ", "boat")

Shown = tuple[list[Event], int, int, int, int | None]


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Duck:
    return Duck(RULES, tmp_path_factory.mktemp("spill"))


def live(drives: Sequence[Positions]) -> list[Shown]:
    """What is live makes of each drive, also of those that are too short to be trips."""
    rules = [PARAMETERS.for_class(CATEGORIES[number % len(CATEGORIES)]) for number in range(len(drives))]
    lenient = [replace(each, trip_at_least_m=0.0) for each in rules]
    return [_shown(find(Track(each, drive), RULES.zone)) for each, drive in zip(lenient, drives, strict=True)]


def rescored(duck: Duck, drives: Sequence[Positions], path: Path) -> list[Shown]:
    parts = []
    for number, drive in enumerate(drives):
        category = CATEGORIES[number % len(CATEGORIES)]
        of_class = number_of(PARAMETERS, category)
        parts.append(columns(RULES, PARAMETERS.for_class(category), number, of_class, drive))
    pq.write_table(pa.table({name: np.concatenate([part[name] for part in parts]) for name in parts[0]}), path)
    results = duck.results(path)
    found, sums = found_by_trip(results), sums_by_trip(results)
    shown: list[Shown] = []
    for number in range(len(drives)):
        held = PARAMETERS.for_class(CATEGORIES[number % len(CATEGORIES)])
        events = found[number].events(held) if number in found else []
        shown.append((events, *sums[number].rounded))
    return shown


def _shown(found: Found) -> Shown:
    assert found.sums is not None
    sums = found.sums
    return found.events, sums.night_m, sums.rush_hour_m, sums.speeding_m, sums.speeding_s


# A seed that fails tells more than a smaller one: nothing is shrunk.
@settings(max_examples=15, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 2**32 - 1))
@example(19)  # a start whose force no row shows: it has no severity
def test_odd_drives_show_the_same_bits(duck: Duck, tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    chance = np.random.default_rng(seed)
    drives = [odd_drive(chance) for _ in range(40)]
    path = tmp_path_factory.mktemp("chunk") / "fixes.parquet"
    # repr, for that tells 0.1 + 0.2 from 0.3, and -0.0 from 0.0
    assert repr(rescored(duck, drives, path)) == repr(live(drives))


def test_they_show_everything_that_can_be_shown(duck: Duck, tmp_path: Path) -> None:
    """The test above says something: of every type there are many, by alarms and by positions."""
    chance = np.random.default_rng(7)
    shown = rescored(duck, [odd_drive(chance) for _ in range(200)], tmp_path / "fixes.parquet")
    kinds = [(event.event_type, event.source) for events, *_ in shown for event in events]
    for kind in EVENT_TYPES:
        assert kinds.count((kind, EventSource.DEVICE)) > 50
        assert kinds.count((kind, EventSource.GPS)) > 50 or kind is EVENT_TYPES[-1]
    assert all(any(row[place] for row in shown) for place in range(1, 5))


def test_no_trip_is_no_row(duck: Duck, tmp_path: Path) -> None:
    drive = odd_drive(np.random.default_rng(1))
    none = {name: column[:0] for name, column in columns(RULES, PARAMETERS, 0, 0, drive).items()}
    pq.write_table(pa.table(none), tmp_path / "fixes.parquet")
    assert [table.num_rows for table in duck.results(tmp_path / "fixes.parquet").values()] == [0, 0, 0]
