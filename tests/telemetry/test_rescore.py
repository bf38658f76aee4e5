"""A score of a day is that of its window, and a change reaches the days whose window holds it, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from roadlens.scoring.parameters import DEFAULT
from roadlens.scoring.risk import Exposure, Factor, risk
from roadlens.storage.database import Database
from roadlens.storage.reads.scores import DrivenDay
from roadlens.storage.writes.scores import ScoredDay
from roadlens.telemetry.rescore import history
from roadlens.telemetry.work import Rules
from tests.support import fleet
from tests.support.fleet import drive

RULES = Rules(1, DEFAULT, UTC)
FIRST = date(2024, 1, 1)
DAY_S = 86_400

DAYS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60_000), st.integers(0, 9)), unique_by=lambda day: day[0])


def driven(days: Sequence[tuple[int, int, int]]) -> list[DrivenDay]:
    return [
        DrivenDay(
            "DRV-1", FIRST + timedelta(days=number), metres, metres // 9, metres // 5, events, 0, 1, events // 2, 0
        )
        for number, metres, events in sorted(days)
    ]


def by_definition(days: Sequence[DrivenDay], day: date) -> ScoredDay:
    """The sum over the ninety days that end with `day`, written down a second time."""
    window = [row for row in days if timedelta(0) <= day - row.day < timedelta(days=90)]
    exposure = Exposure(*(sum(column) for column in zip(*(row[2:] for row in window), strict=True)))
    score = risk(DEFAULT, exposure).score
    expected = None if score is None else Decimal(f"{score:.2f}")
    return ScoredDay("DRV-1", day, expected, None, exposure.distance_m, [])


@given(DAYS, st.data())
def test_a_change_reaches_the_days_whose_window_holds_it(days: list[tuple[int, int, int]], data: st.DataObject) -> None:
    rows = driven(days)
    touched = data.draw(st.sets(st.integers(0, 300), min_size=1)) if rows else {0}
    changed = {FIRST + timedelta(days=number) for number in touched}
    seen = [row for row in rows if row.day >= min(changed) - timedelta(days=90)]
    scored = {row.day: row for row in history(RULES, seen, changed)}
    assert set(scored) == {
        row.day for row in rows if any(timedelta(0) <= row.day - day < timedelta(days=90) for day in changed)
    }
    for day, row in scored.items():
        expected = by_definition(rows, day)
        assert (row.risk_score, row.distance_m) == (expected.risk_score, expected.distance_m)


def test_the_example_of_the_documentation() -> None:
    """250 km with ten harsh brakings, and twice 250 km without: on 30 May the first day is out of sight."""
    days = [date(2026, 3, 1), date(2026, 5, 15), date(2026, 5, 30)]
    driven = [DrivenDay("DRV-1", day, 250_000, 0, 0, 10 if day == days[0] else 0, 0, 0, 0, 0) for day in days]
    scored = history(RULES, driven, days)
    assert [(row.distance_m, row.risk_score) for row in scored] == [
        (250_000, Decimal("24.27")),
        (500_000, Decimal("17.80")),
        (500_000, Decimal("14.29")),
    ]


def test_a_trip_counts_as_much_as_it_is_long() -> None:
    """200 km with two brakings and 50 km with eight: 4.0 per 100 km, not the mean of 1 and 16."""
    driven = [
        DrivenDay("DRV-1", FIRST + timedelta(days=d), metres, 0, 0, braking, 0, 0, 0, 0)
        for d, metres, braking in ((0, 200_000, 2), (1, 50_000, 8))
    ]
    *_, last = history(RULES, driven, [FIRST])
    [braking, *_] = last.factors
    assert isinstance(braking, Factor)
    assert braking.observed == 4.0


async def test_the_history_has_a_row_a_day_driven_and_the_summary_its_last(database: Database) -> None:
    """60 km a day on days 0, 1, 89 and 90: day 90 has lost sight of day 0."""
    ingest = await fleet.open_ingest(database)
    for day in (89, 0, 90, 1):
        await fleet.deliver(ingest, "A", drive(day * DAY_S, 6000, every=20))
    found = await fleet.rows(database)
    kilometres = [row["distance_m"] / 1000 for row in found["risk_scores"]]
    assert kilometres == [60, 120, 180, 180]
    (summary,) = found["driver_summary"]
    assert summary["scored_day"] == found["risk_scores"][-1]["day"] == "2024-06-04"
    assert summary["risk_score"] == found["risk_scores"][-1]["risk_score"]
    assert all(
        sum(Decimal(str(factor["points"])) for factor in row["factors"]) == Decimal(str(row["risk_score"]))
        for row in found["risk_scores"]
    )


async def test_short_distances_have_a_row_without_a_score(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", drive(0, 4000, every=20))
    found = await fleet.rows(database)
    assert [(row["risk_score"], row["factors"]) for row in found["risk_scores"]] == [(None, [])]
    assert (found["driver_summary"][0]["risk_score"], found["risk_histogram"]) == (None, [])
    await fleet.deliver(ingest, "A", drive(9000, 2000, every=20))
    assert [row["drivers"] for row in (await fleet.rows(database))["risk_histogram"]] == [1]
