"""A driver's risk: the latest score with its factors and what is behind them, and how the score went before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from roadlens.storage.database import ReadSession
from roadlens.storage.reads.behind import BEHIND, EVENTS_BEHIND, TRIPS_BEHIND, EventBehind, TripBehind

# More than a year of scores says nothing about today's driving.
LONGEST_HISTORY = 366

# The latest score of the driver who stands at `{}`. The first id that a trip can have in the window is that of its
# first moment, as `domain.first_id_at` has it. Of a window's length whole days count, as in scoring.
LATEST = """latest AS MATERIALIZED (
    SELECT score.*, parameters, first_day, first_moment,
        rpad(lpad(to_hex((extract(epoch FROM first_moment) * 1000)::bigint), 12, '0'), 32, '0')::uuid AS first_trip
    FROM risk_scores AS score JOIN score_versions AS scoring ON scoring.version = score_version, installation,
        LATERAL (SELECT day + 1 - floor((parameters ->> 'risk_window_days')::float)::int AS first_day) AS first,
        LATERAL (SELECT greatest('1970-01-01Z', cast(first_day AS timestamp) AT TIME ZONE timezone) AS first_moment)
            AS began
    WHERE score.driver_id = {} ORDER BY day DESC LIMIT 1
)"""

_RISK = f"""
WITH {LATEST.format(":driver_id")}, {BEHIND}
SELECT driver_id, risk_score, risk_level, latest.day, score_version, latest.distance_m, factors, parameters, first_day,
    first_moment, (SELECT to_json(exposure) FROM exposure) AS exposure, {TRIPS_BEHIND} AS trips,
    {EVENTS_BEHIND} AS events,
    (SELECT json_agg(past ORDER BY day) FROM (
        SELECT day, risk_score, risk_level, distance_m FROM risk_scores
        WHERE driver_id = :driver_id ORDER BY day DESC LIMIT {LONGEST_HISTORY}
    ) AS past) AS history
FROM drivers LEFT JOIN latest USING (driver_id)
WHERE driver_id = :driver_id
"""


@dataclass(frozen=True, slots=True)
class PastScore:
    """A day's score over the window that ends with it; None while the window holds too little driving."""

    day: date
    risk_score: float | None
    risk_level: str | None
    distance_m: int


class Driven(msgspec.Struct, frozen=True):
    """The days of a window added up: events by type, metres above the limit and at night."""

    driven_days: int = 0
    trips: int = 0
    harsh_braking: int = 0
    rapid_acceleration: int = 0
    harsh_cornering: int = 0
    speeding: int = 0
    phone_use: int = 0
    speeding_m: int = 0
    night_m: int = 0


class StoredFactor(msgspec.Struct, frozen=True):
    """A factor as `risk_scores` has it."""

    factor: str
    label: str
    points: float
    weight: float
    observed: float
    credible: float
    expected: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredWindow:
    """The latest score, from `first_day` to `day`, and what is behind it. `parameters` are those of its version.

    `first_moment` is when `first_day` began, by the installation's clock. Trips of a factor are ordered by what they
    add to it, events by time, newest first.
    """

    risk_score: Decimal | None
    risk_level: str | None
    day: date
    score_version: int
    distance_m: int
    parameters: dict[str, Any]
    first_day: date
    first_moment: datetime
    driven: Driven
    factors: list[StoredFactor]
    trips: list[TripBehind]
    events: list[EventBehind]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRow:
    """`latest` is None, and `history` empty, for a driver who has not driven yet. History is oldest first."""

    driver_id: str
    latest: ScoredWindow | None
    history: list[PastScore]


async def risk(session: ReadSession, driver_id: str) -> RiskRow | None:
    """The driver's risk; None if there is no such driver."""

    def row(driver_id: str, history: Any, **latest: Any) -> RiskRow:
        return RiskRow(
            driver_id=driver_id,
            latest=None if latest["day"] is None else window(**latest),
            history=msgspec.convert(history or [], list[PastScore]),
        )

    return await session.row(_RISK, row, {"driver_id": driver_id})


def window(exposure: Any, factors: Any, trips: Any, events: Any, **columns: Any) -> ScoredWindow:
    """A window of the columns that hold it."""
    return ScoredWindow(
        driven=msgspec.convert({key: value or 0 for key, value in exposure.items()}, Driven),
        factors=msgspec.convert(factors, list[StoredFactor]),
        trips=msgspec.convert(trips or [], list[TripBehind]),
        events=msgspec.convert(events or [], list[EventBehind]),
        **columns,
    )
