"""A fleet whose every number is known: three drivers with scores, one without, and trips on known days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from roadlens.domain import EventType
from roadlens.storage.database import Database
from tests.support.rows import add_driver, add_event, add_positions, add_score, add_trip

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
FACTORS = [
    {"factor": "harsh_braking", "label": "Harsh braking", "points": 12.3, "weight": 22.0, "observed": 4.0,
     "credible": 3.5, "expected": 2.5, "unit": "per 100 km"},
    {"factor": "night_share", "label": "Distance at night", "points": 2.7, "weight": 10.0, "observed": 0.2,
     "credible": 0.15, "expected": 0.1, "unit": "share of distance"},
]  # fmt: skip


def days_ago(days: int) -> datetime:
    """Noon of that day, UTC: safely within the day."""
    return NOON - timedelta(days=days)


async def add_known_fleet(database: Database) -> None:
    """Latest scores are 15.00, 50.00 and 85.00, so their mean is 50.00.

    The first driver has 40 of the 42 trips: a mean that weighs drivers by their trips would be 17.50.
    """
    async with database.write() as session:
        await add_driver(session, 1, first_name="Ada", last_name="Okafor", email="ada@example.com")
        await add_driver(session, 2, first_name="Bo", last_name="Lindqvist")
        await add_driver(session, 3, first_name="Cy", last_name="adams")
        await add_driver(session, 4, first_name="Di_%", last_name="O'Neill", email="di@example.com")
        for number in range(40):
            await add_trip(session, 1, days_ago(2) + timedelta(minutes=number), score="90")
        braking = await add_trip(session, 2, days_ago(1), score="70.10", harsh_braking=2, speeding=1)
        await add_trip(session, 3, days_ago(40), score="60", phone_use=3)
        await add_event(session, braking, 2, days_ago(1) + timedelta(minutes=1), EventType.HARSH_BRAKING)
        await add_event(
            session,
            braking,
            2,
            days_ago(1) + timedelta(minutes=2),
            EventType.HARSH_BRAKING,
            source="gps",
            severity=None,
        )
        await add_event(session, braking, 2, days_ago(1) + timedelta(minutes=3), EventType.SPEEDING, state="coached")
        await add_positions(session, "device-2", days_ago(1), 120)
        await add_score(session, "DRV-0002", "50.00", days_ago(1).date())
        await add_score(session, "DRV-0003", "85.00", days_ago(40).date())
        await add_score(session, "DRV-0001", "15.00", days_ago(2).date(), FACTORS)
        await session.execute(
            "INSERT INTO risk_scores (driver_id, day, risk_score, risk_level, distance_m, factors, score_version) "
            "VALUES ('DRV-0001', :day, NULL, NULL, 9000, '[]', 1)",
            {"day": days_ago(9).date()},
        )
