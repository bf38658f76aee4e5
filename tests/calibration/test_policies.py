"""A period gets what the score said before it began, and nothing that came later; what cannot be used is counted."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from roadlens.calibration.claims import Period
from roadlens.calibration.policies import LeftOut, Policy, policies
from roadlens.scoring.premium import ANNUAL_DISTANCE
from roadlens.storage.database import Database
from tests.support.fleet import deliver, drive, open_ingest
from tests.support.rows import add_driver, add_score

DAY, TODAY = date(2026, 3, 10), date(2026, 6, 1)


def factors(braking: float) -> list[dict[str, Any]]:
    return [
        {"factor": "harsh_braking", "label": "Harsh braking", "points": 1, "weight": 22, "observed": braking,
         "credible": braking, "expected": 2.5, "unit": "per 100 km"}
    ]  # fmt: skip


def period(driver: str = "DRV-0001", first: date = DAY, days: int = 30, line: int = 2) -> Period:
    return Period(line, driver, first, first + timedelta(days=days), 1, days / 365.25)


async def found(database: Database, *periods: Period, version: int = 1) -> tuple[list[Policy], Counter[LeftOut]]:
    async with database.read() as session:
        return await policies(session, periods, version, window_days=90, today=TODAY)


@pytest.fixture
async def scored(database: Database) -> Database:
    """One driver, scored on 1, 9 and 10 March."""
    async with database.write() as session:
        await add_driver(session, 1)
        for day, braking in ((1, 1.0), (9, 2.0), (10, 9.0)):
            await add_score(session, "DRV-0001", f"{10 * braking:.2f}", date(2026, 3, day), factors(braking))
    return database


async def test_the_last_score_of_a_day_before_the_period(scored: Database) -> None:
    used, left_out = await found(scored, period(), period(first=date(2026, 3, 2), days=7))
    by_first = {policy.period.first.day: policy for policy in used}
    assert {day: policy.factors["harsh_braking"].credible for day, policy in by_first.items()} == {2: 1.0, 10: 2.0}
    assert (by_first[10].score, by_first[10].level) == (20.0, "low")
    # 100 km in the window of 90 days.
    assert by_first[10].factors[ANNUAL_DISTANCE].credible == pytest.approx(100 * 365.25 / 90)
    assert not left_out


async def test_what_is_driven_from_the_first_day_on_changes_nothing(database: Database) -> None:
    """Real positions: a drive before, then wild ones on the first day of the period and after it."""
    ingest = await open_ingest(database)
    noon = date(2024, 3, 6)  # of the drives that tests deliver
    a_day = 24 * 3600
    await deliver(ingest, "van", drive(0, 5400, speed_kmh=90))
    first = period(first=noon + timedelta(days=1))
    before, _ = await found(database, first)
    for day in (1, 2):
        await deliver(ingest, "van", drive(day * a_day, 5400, speed_kmh=190))
    async with database.read() as session:
        scores = await session.tuples("SELECT day, risk_score FROM risk_scores ORDER BY day")
    assert len(scores) == 3
    assert scores[2] != scores[0]
    assert (await found(database, first))[0] == before
    later, _ = await found(database, first._replace(first=noon + timedelta(days=3), until=noon + timedelta(days=9)))
    assert later[0].factors != before[0].factors


async def test_what_cannot_be_used_is_counted(scored: Database) -> None:
    async with scored.write() as session:
        await add_driver(session, 2)
        await add_score(session, "DRV-0002", None, date(2026, 3, 9))
        await add_driver(session, 3)
        await add_score(session, "DRV-0003", "20.00", date(2026, 3, 9), [factors(1)[0] | {"factor": "other"}])
    used, left_out = await found(
        scored,
        period(),
        period(first=DAY + timedelta(days=29), line=3),
        period(first=DAY + timedelta(days=30), line=4),
        period(first=date(2026, 3, 1), days=1),
        period(first=date(2027, 4, 1), days=1),
        period(first=TODAY - timedelta(days=29)),
        period("DRV-0002"),
        period("DRV-0003"),
        period("DRV-0009"),
    )
    assert [policy.period.line for policy in used] == [2, 4]
    assert left_out == {
        LeftOut.OVERLAP: 1,
        LeftOut.NO_SCORE: 2,
        LeftOut.NOT_OVER: 2,
        LeftOut.UNKNOWN_DRIVER: 1,
        LeftOut.OTHER_FACTORS: 1,
    }


async def test_a_score_of_long_ago_is_none(scored: Database) -> None:
    first = date(2026, 3, 10) + timedelta(days=366)
    async with scored.read() as session:
        for days, why in ((0, []), (1, [LeftOut.OLD_SCORE])):
            _, left_out = await policies(
                session, [period(first=first + timedelta(days=days))], 1, window_days=90, today=date(2030, 1, 1)
            )
            assert list(left_out) == why


async def test_another_version_is_read_beside_the_live_one(scored: Database) -> None:
    async with scored.write() as session:
        await session.execute("INSERT INTO score_versions (version, parameters, active) VALUES (2, '{}', false)")
        await session.execute(
            "INSERT INTO rescored_risk VALUES (2, 'DRV-0001', '2026-03-09', 60, 'medium', 9000, cast(:it AS jsonb)), "
            "(2, 'DRV-0001', '2026-03-10', 70, 'medium', 9000, cast(:it AS jsonb))",
            {"it": msgspec.json.encode(factors(7.0)).decode()},
        )
    (policy,), _ = await found(scored, period(), version=2)
    assert (policy.score, policy.level, policy.factors["harsh_braking"].credible) == (60.0, "medium", 7.0)
    assert (await found(scored, period()))[0][0].score == 20.0


async def test_a_thousand_periods_are_one_statement(scored: Database) -> None:
    statements: list[str] = []
    stop = scored.observe(lambda sql, _seconds: statements.append(sql))
    first = datetime(2026, 3, 10, tzinfo=UTC).date()
    used, _ = await found(
        scored, *(period(first=first + timedelta(days=place % 60), days=1, line=place) for place in range(1000))
    )
    stop()
    assert len(used) == 60
    assert len(statements) == 1
