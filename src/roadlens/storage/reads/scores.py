"""What scoring starts from: the active version, and what each driver did on each day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from roadlens.errors import SetupError
from roadlens.storage.database import ReadSession

_DAYS = """
SELECT driver_id, day, distance_m, speeding_m, night_m,
    harsh_braking, rapid_acceleration, harsh_cornering, speeding, phone_use
FROM unnest(cast(:drivers AS text[]), cast(:firsts AS date[])) AS wanted(driver, first)
JOIN driver_day ON driver_id = driver AND day >= first
ORDER BY driver_id, day
"""


ACTIVE: Final = """
SELECT version, parameters, timezone,
    ARRAY(SELECT score_version FROM score_rebuilds WHERE state <> 'switched' ORDER BY score_version) AS pending
FROM score_versions, installation WHERE active
"""


class ActiveVersion(NamedTuple):
    """`pending`: versions by which history is being scored, or has been and waits to be switched to."""

    version: int
    parameters: dict[str, Any]
    timezone: str
    pending: list[int]


class DrivenDay(NamedTuple):
    """A day's exposure: metres, and events by type in the order of `domain.EVENT_TYPES`."""

    driver_id: str
    day: date
    distance_m: int
    speeding_m: int
    night_m: int
    harsh_braking: int
    rapid_acceleration: int
    harsh_cornering: int
    speeding: int
    phone_use: int


async def active_version(session: ReadSession) -> ActiveVersion:
    """The score version that new trips are scored with, and the time zone that days are counted in."""
    return the_active(await session.row(ACTIVE, ActiveVersion))


def the_active(found: ActiveVersion | None) -> ActiveVersion:
    """What was found, which there must be.

    Raises:
        SetupError: there is none.
    """
    if found is None:
        raise SetupError("The database has no active score version: run `roadlens db upgrade`.")
    return found


async def driven_days(session: ReadSession, drivers: Sequence[str], firsts: Sequence[date]) -> list[DrivenDay]:
    """Every day of each driver from `firsts` on, by driver and day."""
    return await session.rows(_DAYS, DrivenDay, {"drivers": list(drivers), "firsts": list(firsts)})


class StoredScore(NamedTuple):
    driver_id: str
    day: date
    risk_score: Decimal | None
    distance_m: int


async def stored_scores(session: ReadSession, drivers: Sequence[str], version: int) -> list[StoredScore]:
    """The scores that a version has given the drivers."""
    return await session.rows(
        "SELECT driver_id, day, risk_score, distance_m FROM risk_scores "
        "WHERE driver_id = ANY(:drivers) AND score_version = :version",
        StoredScore,
        {"drivers": list(drivers), "version": version},
    )


async def drivers_after(session: ReadSession, after: str, limit: int) -> list[str]:
    """The next driver ids in order, for going through all of them in portions."""
    statement = "SELECT driver_id FROM drivers WHERE driver_id > :after ORDER BY driver_id LIMIT :limit"
    return [driver for (driver,) in await session.tuples(statement, {"after": after, "limit": limit})]
