"""The history of scores, one row a driver and day, and the latest of them in the driver's summary."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from roadlens.storage.database import Database
from roadlens.storage.writes import scores
from roadlens.storage.writes.scores import ScoredDay
from tests.support import fleet

FIRST, SECOND = date(2024, 3, 6), date(2024, 3, 7)


def scored(day: date, score: str | None, driver_id: str = "DRV-1") -> ScoredDay:
    factors = [{"factor": "speeding", "points": 1.5, "label": "Tempo “zu schnell”"}]
    return ScoredDay(driver_id, day, None if score is None else Decimal(score), score and "low", 60_000, factors)


@pytest.fixture
async def people(database: Database) -> Database:
    await fleet.make_people(database, ("DRV-1", "DRV-2"))
    return database


async def test_a_day_is_written_over(people: Database) -> None:
    async with people.write() as session:
        await scores.put(session, [scored(FIRST, "12.30"), scored(SECOND, None)], 1)
        await scores.put(session, [scored(FIRST, "13.00")], 1)
        found = await session.tuples("SELECT day, risk_score, risk_level, factors FROM risk_scores ORDER BY day")
    factors = scored(FIRST, None).factors
    assert found == [(FIRST, Decimal("13.00"), "low", factors), (SECOND, None, None, factors)]


async def test_the_score_of_a_day_without_trips_is_forgotten(people: Database) -> None:
    async with people.write() as session:
        await scores.put(session, [scored(FIRST, "1"), scored(SECOND, "2"), scored(FIRST, "3", "DRV-2")], 1)
        await session.execute(
            "INSERT INTO driver_day SELECT 'DRV-1', :day, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0", {"day": SECOND}
        )
        await scores.forget_empty(session, [("DRV-1", FIRST), ("DRV-1", SECOND)])
        left = await session.tuples("SELECT driver_id, day FROM risk_scores ORDER BY 1, 2")
    assert left == [("DRV-1", SECOND), ("DRV-2", FIRST)]
