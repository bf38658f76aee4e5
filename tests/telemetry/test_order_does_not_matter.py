"""The promise of ingest: in whatever order and pieces positions come, the rows are those of one clean delivery.

`ROADLENS_TEST_EXAMPLES` asks for more than the few examples of every day.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zlib import crc32

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.binary import IGNITION_KNOWN, IGNITION_ON
from roadlens.storage.database import Database
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.delivery import Ingest
from tests.support import fleet
from tests.support.fleet import NOON

EXAMPLES = int(os.environ.get("ROADLENS_TEST_EXAMPLES", "0"))
EVERY_DAY = 150

Sent = tuple[str, Fix]

# A: one driver for ever. B: the same driver, another vehicle. C: handed over, after a while with nobody.
HANDED_OVER, TAKEN_OVER = NOON + timedelta(minutes=7), NOON + timedelta(minutes=11)
DEVICES = ("A", "B", "C")

# Speeds and gaps lie around every threshold of the cut; the longest gaps end a day or leave the risk window.
SPEEDS = (0.0, 2.9, 3.0, 7.9, 8.0, 36.0, 60.0, 135.0, 150.0)
GAPS = (
    0.0,
    0.5,
    1,
    1,
    1,
    2,
    3,
    9,
    10,
    11,
    30,
    59,
    60,
    61,
    90,
    119,
    120,
    121,
    240,
    299,
    300,
    301,
    590,
    600,
    601,
    899,
    900,
)
LONG_GAPS = (3600, 43_200, 86_400, 89 * 86_400, 90 * 86_400, 91 * 86_400)
IGNITIONS = (0, IGNITION_KNOWN, IGNITION_KNOWN | IGNITION_ON)
ALARMS = (0, 0, 0, 0, 1, 2, 4, 8, 16, 3, 31)


class Piece(NamedTuple):
    """Some fixes: (gap before each, km/h, course, ignition flags, alarms, how the digest begins)."""

    fixes: tuple[tuple[float, float, float, int, int, int], ...]


def _piece(gaps: Any, speeds: Any, most: int) -> st.SearchStrategy[Piece]:
    courses = st.sampled_from((0.0, 10.0, 90.0, 359.0, float("nan")))
    sample = st.tuples(gaps, speeds, courses, st.sampled_from(IGNITIONS), st.sampled_from(ALARMS), st.integers(-2, 2))
    return st.lists(sample, min_size=1, max_size=most).map(tuple).map(Piece)


def _steady(gap: float, speed: float, count: int, flags: int) -> Piece:
    return Piece(((gap, speed, 0.0, flags, 0, 0),) * count)


STEADY = st.builds(
    _steady,
    gap=st.sampled_from((1, 10, 30, 59, 100, 119, 590)),
    speed=st.sampled_from((0.0, 36.0, 135.0)),
    count=st.integers(1, 7),
    flags=st.sampled_from(IGNITIONS),
)
ANYTHING = _piece(st.sampled_from(GAPS), st.sampled_from(SPEEDS), 5)
LATER = _piece(st.sampled_from(LONG_GAPS), st.sampled_from((0.0, 36.0)), 1)
PIECES = st.lists(st.one_of(STEADY, ANYTHING, ANYTHING, LATER), min_size=1, max_size=7)

# Second reports of moments: of the edges of trips above all, for a trip's neighbours may hang on them.
TWINS = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(SPEEDS), st.sampled_from(IGNITIONS), st.sampled_from((-3, 3))),
    max_size=4,
)


@st.composite
def histories(draw: st.DrawFn) -> list[Sent]:
    """What one to three devices measured, device by device in the order of time."""
    sent: list[Sent] = []
    for unique_id in draw(st.sets(st.sampled_from(DEVICES), min_size=1).map(sorted)):
        start = draw(st.sampled_from((0, 0, 0.25, 360, 43_000)))
        fixes = _fixes(start, draw(PIECES))
        for index, speed, flags, lead in draw(TWINS):
            fixes.append(_again(fixes[index % len(fixes)], speed, flags, lead))
        sent += [(unique_id, each) for each in sorted(fixes)]
    return sent


def _fixes(start: float, pieces: Sequence[Piece]) -> list[Fix]:
    fixes: list[Fix] = []
    seconds, latitude = start, 41.0
    for piece in pieces:
        for gap, speed, course, flags, alarms, lead in piece.fixes:
            seconds += gap
            latitude += min(gap, 600) * speed / 3.6 / fleet.DEGREE_M
            measured = {"latitude": latitude, "course": course, "flags": flags, "alarms": alarms}
            fixes.append(_signed(fleet.fix(seconds, speed, **measured), lead))
    return fixes


def _again(fix: Fix, speed: float, flags: int, lead: int) -> Fix:
    return _signed(fix._replace(speed_kmh=speed, flags=flags), lead)


def _signed(fix: Fix, lead: int) -> Fix:
    """Of two reports of one moment either may have the lower digest; equal digests mean equal reports."""
    return fix._replace(digest=lead << 32 | crc32(repr(fix._replace(digest=0)).encode()))


@st.composite
def deliveries(draw: st.DrawFn, history: Sequence[Sent]) -> list[list[Sent]]:
    """The same positions in another order, in any number of pieces, some of them twice."""
    count = len(history)
    order = draw(st.one_of(st.permutations(range(count)), _held_back(count), _interleaved(count)))
    again = draw(st.lists(st.integers(0, count - 1), max_size=4))
    places = draw(st.lists(st.integers(0, count), min_size=len(again), max_size=len(again)))
    for index, place in zip(again, places, strict=True):
        order = [*order[:place], index, *order[place:]]
    one_by_one = count <= 16 and draw(st.booleans())
    cuts = range(1, len(order)) if one_by_one else sorted(draw(st.sets(st.integers(1, len(order)), max_size=6)))
    edges = [0, *cuts, len(order)]
    return [[history[index] for index in order[start:end]] for start, end in pairwise(edges) if end > start]


def _held_back(count: int) -> st.SearchStrategy[list[int]]:
    """In order, but a stretch comes last: what a tracker does that lost its network for a while."""
    bounds = st.tuples(st.integers(0, count), st.integers(0, count)).map(sorted)
    return bounds.map(lambda b: [i for i in range(count) if not b[0] <= i < b[1]] + list(range(b[0], b[1])))


def _interleaved(count: int) -> st.SearchStrategy[list[int]]:
    return st.integers(2, 4).map(lambda n: [i for start in range(n) for i in range(start, count, n)])


def told(unique_id: str, fix: Fix) -> str:
    seconds = fix.fix_time / 1e6 - NOON.timestamp()
    return f"{unique_id} {seconds:g} s {fix.speed_kmh} km/h {fix.flags}/{fix.alarms}/{fix.digest >> 32}"


async def prepare(url: str) -> tuple[Database, Sequence[Ingest]]:
    """Drivers and their devices, by rules under which a short history has a risk score."""
    database = Database.open(url, pool_size=2)
    ingest = await fleet.open_ingest(database, replace(DEFAULT, risk_distance_at_least_km=0.5))
    await fleet.make_people(database, ("DRV-1", "DRV-2"), ("VEH-1", "VEH-2", "VEH-3"))
    await fleet.make_devices(database, DEVICES)
    await ingest.assign("A", "DRV-1", "VEH-1", actor="test")
    await ingest.assign("B", "DRV-1", "VEH-2", actor="test")
    await ingest.assign("C", "DRV-1", "VEH-3", valid_to=HANDED_OVER, actor="test")
    await ingest.assign("C", "DRV-2", "VEH-3", valid_from=TAKEN_OVER, actor="test")
    return database, [ingest, await Ingest.open(database)]


async def _rows_of(database: Database, ingests: Sequence[Ingest], batches: Sequence[Sequence[Sent]]) -> fleet.Rows:
    """Two at a time go through one ingest, which remembers what it has stored, the next two through another."""
    await fleet.forget(database)
    for number, sent in enumerate(batches):
        await ingests[number // 2 % len(ingests)].deliver(fleet.batch(sent))
    return await fleet.rows(database)


def test_any_order_of_delivery_gives_the_rows_of_a_clean_one(database_url: str) -> None:
    with asyncio.Runner() as runner:
        database, ingests = runner.run(prepare(database_url))

        @settings(
            max_examples=EXAMPLES or EVERY_DAY,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        )
        @given(data=st.data())
        def check(data: st.DataObject) -> None:
            history = data.draw(histories())
            batches = data.draw(deliveries(history))
            note("\n".join(f"delivered: {[told(*sent) for sent in one]}" for one in batches))
            clean = runner.run(_rows_of(database, ingests, [history]))
            assert runner.run(_rows_of(database, ingests, batches)) == clean

        try:
            check()
        finally:
            runner.run(database.close())
