"""The dashboard's numbers: one statement each, from read models alone, so that no number of trips makes them slower."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from roadlens.domain import EVENT_TYPES, LOW_UP_TO, MEDIUM_UP_TO, EventType, RiskLevel
from roadlens.storage.database import Params, ReadSession

T = TypeVar("T")

_STATS = """
SELECT sum(drivers)::bigint AS drivers, sum(users)::bigint AS users, sum(vehicles)::bigint AS vehicles,
    sum(devices)::bigint AS devices, sum(trips)::bigint AS trips, sum(events)::bigint AS events,
    (SELECT json_agg(newest) FROM (
        SELECT driver_id, first_name, last_name, email, created_at FROM drivers
        ORDER BY created_at DESC, driver_id DESC LIMIT 5
    ) AS newest) AS recent_drivers,
    (SELECT json_agg(newest) FROM (
        SELECT user_id, username, role, created_at FROM users ORDER BY created_at DESC, user_id DESC LIMIT 5
    ) AS newest) AS recent_users
FROM fleet_totals
"""

_SUMMARY = """
SELECT sum(drivers)::bigint AS total_drivers, sum(vehicles)::bigint AS total_vehicles,
    sum(trips)::bigint AS total_trips,
    (SELECT round(sum(score_sum) / nullif(sum(drivers), 0), 2) FROM risk_histogram) AS avg_risk_score
FROM fleet_totals
"""

# The days of the installation's time zone; the last is today.
_DAYS = """
WITH days AS MATERIALIZED (
    SELECT (now() AT TIME ZONE timezone)::date - ago AS day
    FROM installation, generate_series(0, cast(:days AS int) - 1) AS ago
)
"""

_TRIP_ACTIVITY = f"""
{_DAYS}
SELECT days.day AS date, coalesce(sum(trips), 0)::bigint AS trip_count,
    round(sum(score_sum) / nullif(sum(trips), 0), 2) AS avg_score
FROM days LEFT JOIN trip_day USING (day)
GROUP BY days.day ORDER BY days.day
"""

_SAFETY_EVENTS = f"""
{_DAYS}
SELECT {", ".join(f"coalesce(sum({kind}), 0)::bigint AS {kind}" for kind in EVENT_TYPES)}
FROM days JOIN trip_day USING (day)
"""

_RISK_DISTRIBUTION = f"""
SELECT coalesce(sum(drivers) FILTER (WHERE bucket <= {LOW_UP_TO}), 0)::bigint AS low,
    coalesce(sum(drivers) FILTER (WHERE bucket > {LOW_UP_TO} AND bucket <= {MEDIUM_UP_TO}), 0)::bigint AS medium,
    coalesce(sum(drivers) FILTER (WHERE bucket > {MEDIUM_UP_TO}), 0)::bigint AS high
FROM risk_histogram
"""


@dataclass(frozen=True, slots=True)
class RecentDriver:
    driver_id: str
    first_name: str
    last_name: str
    email: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RecentUser:
    user_id: int
    username: str
    role: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Totals:
    drivers: int
    users: int
    vehicles: int
    devices: int
    trips: int
    events: int


@dataclass(frozen=True, slots=True)
class StatsRow:
    totals: Totals
    recent_drivers: list[RecentDriver]
    recent_users: list[RecentUser]


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """`avg_risk_score` is the mean of the drivers' latest scores, one a driver; None while nobody has one."""

    total_drivers: int
    total_vehicles: int
    total_trips: int
    avg_risk_score: Decimal | None


@dataclass(frozen=True, slots=True)
class TripDayRow:
    """One calendar day. `avg_score` is None on a day without trips."""

    date: date
    trip_count: int
    avg_score: Decimal | None


async def stats(session: ReadSession) -> StatsRow:
    """Totals, and the five newest drivers and users, newest first."""

    def row(recent_drivers: Any, recent_users: Any, **totals: int) -> StatsRow:
        return StatsRow(
            Totals(**totals),
            msgspec.convert(recent_drivers or [], list[RecentDriver]),
            msgspec.convert(recent_users or [], list[RecentUser]),
        )

    return await _only(session, _STATS, row)


async def summary(session: ReadSession) -> SummaryRow:
    return await _only(session, _SUMMARY, SummaryRow)


async def trip_activity(session: ReadSession, days: int) -> list[TripDayRow]:
    """The last `days` calendar days, oldest first, today and empty days included."""
    return await session.rows(_TRIP_ACTIVITY, TripDayRow, {"days": days})


async def risk_distribution(session: ReadSession) -> dict[RiskLevel, int]:
    """How many drivers' latest score is of each level."""

    def counts(**levels: int) -> dict[RiskLevel, int]:
        return {RiskLevel(name): drivers for name, drivers in levels.items()}

    return await _only(session, _RISK_DISTRIBUTION, counts)


async def safety_events(session: ReadSession, days: int) -> dict[EventType, int]:
    """How many events of each type the last `days` calendar days have, today included."""

    def counts(**types: int) -> dict[EventType, int]:
        return {EventType(name): events for name, events in types.items()}

    return await _only(session, _SAFETY_EVENTS, counts, {"days": days})


async def _only(session: ReadSession, statement: str, into: Callable[..., T], params: Params = None) -> T:
    """The one row of a statement that always has one, for it aggregates."""
    found = await session.rows(statement, into, params)
    return found[0]
