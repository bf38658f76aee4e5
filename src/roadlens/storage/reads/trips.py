"""Trips: the keyset lists, newest first, and one trip with its events and its track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from roadlens.domain import EVENT_TYPES
from roadlens.storage.cursor import Batches, batches
from roadlens.storage.database import ReadSession
from roadlens.storage.reads.behind import AMOUNTS
from roadlens.storage.reads.id_spans import IdSpan

# What a map can show. A longer track is thinned evenly.
LONGEST_TRACK = 10_000

_TYPES = tuple(kind.value for kind in EVENT_TYPES)
_LISTED = (
    "trip_id",
    "driver_id",
    "vehicle_id",
    "started_at",
    "ended_at",
    "distance_m",
    "duration_s",
    "trip_score",
    *_TYPES,
)

_DETAIL = f"""
SELECT {", ".join(f"trip.{column}" for column in _LISTED)}, trip.device_id, day, moving_s, night_m, rush_hour_m,
    weekend_m, speeding_m, top_speed_kmh, start_latitude, start_longitude, end_latitude, end_longitude, position_count,
    score_version, speeding_s, gap_s, jump_s, frozen_s, sparse_s, imprecise_s,
    first_name, last_name, vehicle.name AS vehicle_name,
    (SELECT json_agg(event ORDER BY event_id) FROM (
        SELECT event_id, event_type, source, occurred_at, ended_at, nullif(severity, 'NaN') AS severity, confidence,
            latitude, longitude, nullif(speed_kmh, 'NaN') AS speed_kmh, state, speeding_m, speeding_s
        FROM safety_events WHERE trip_id = :trip_id
    ) AS event) AS events, category AS vehicle_category, parameters
FROM trips AS trip JOIN drivers USING (driver_id) JOIN vehicles AS vehicle USING (vehicle_id)
    JOIN score_versions AS scoring ON scoring.version = score_version
WHERE trip.trip_id = :trip_id
"""

# Of several rows with one time the first by digest stands: any would do, but it must be the same one each time.
_TRACK = """
SELECT fix_time AS time, latitude, longitude, nullif(speed_kmh, 'NaN') AS speed_kmh, nullif(course, 'NaN') AS course
FROM (
    SELECT *, row_number() OVER (ORDER BY fix_time) AS place FROM (
        SELECT DISTINCT ON (fix_time) fix_time, latitude, longitude, speed_kmh, course FROM positions
        WHERE device_id = :device_id AND fix_time >= :started_at AND fix_time <= :ended_at
        ORDER BY fix_time, digest
    ) AS fix
) AS numbered
WHERE (place - 1) % :step = 0 ORDER BY place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TripListed:
    """Distance in metres, duration in seconds, and the number of events of each type."""

    trip_id: UUID
    driver_id: str
    vehicle_id: str
    started_at: datetime
    ended_at: datetime
    distance_m: int
    duration_s: int
    trip_score: Decimal
    harsh_braking: int
    rapid_acceleration: int
    harsh_cornering: int
    speeding: int
    phone_use: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TripEvent:
    event_id: UUID
    event_type: str
    source: str
    occurred_at: datetime
    ended_at: datetime
    severity: float | None
    confidence: float
    latitude: float
    longitude: float
    speed_kmh: float | None
    state: str
    speeding_m: int | None
    speeding_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TripDetailRow(TripListed):
    device_id: int
    day: date
    moving_s: int
    night_m: int
    rush_hour_m: int
    weekend_m: int
    speeding_m: int
    top_speed_kmh: float
    start_latitude: float
    start_longitude: float
    end_latitude: float
    end_longitude: float
    position_count: int
    score_version: int
    speeding_s: int | None
    gap_s: int | None
    jump_s: int | None
    frozen_s: int | None
    sparse_s: int | None
    imprecise_s: int | None
    first_name: str
    last_name: str
    vehicle_name: str
    events: list[TripEvent]
    vehicle_category: str | None
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """A position as a map needs it; what the device did not know is None. Course in degrees, clockwise from north."""

    time: datetime
    latitude: float
    longitude: float
    speed_kmh: float | None
    course: float | None


async def page(session: ReadSession, *, span: IdSpan, limit: int, driver_id: str | None = None) -> list[TripListed]:
    """Trips, newest first; of one driver, if one is named."""
    params = {"limit": limit, "driver_id": driver_id, **span.params()}
    return await session.rows(_page(_conditions(span, driver_id)), TripListed, params)


def every(session: ReadSession, *, span: IdSpan, driver_id: str | None = None) -> Batches[TripListed]:
    """As `page`, all of them."""
    params = {"limit": None, "driver_id": driver_id, **span.params()}
    return batches(session, _page(_conditions(span, driver_id)), TripListed, params)


async def page_of_driver(
    session: ReadSession, driver_id: str, *, span: IdSpan, limit: int, factor: str | None = None
) -> list[TripListed] | None:
    """As `page`, but None if there is no such driver; still one statement. `factor`: trips that have some of it."""

    def row(trip_id: UUID | None, **columns: Any) -> TripListed | None:
        return None if trip_id is None else TripListed(trip_id=trip_id, **columns)

    some = [f"{AMOUNTS[factor]} > 0"] if factor is not None else []
    trips = _page(["trips.driver_id = known.driver_id", *some, *span.conditions("trip_id")])
    rows = await session.rows(
        f"SELECT {', '.join(f'trip.{column}' for column in _LISTED)} FROM drivers AS known "
        f"LEFT JOIN LATERAL ({trips}) AS trip ON true WHERE known.driver_id = :driver_id ORDER BY trip.trip_id DESC",
        row,
        {"limit": limit, "driver_id": driver_id, **span.params()},
    )
    return [trip for trip in rows if trip is not None] if rows else None


async def detail(session: ReadSession, trip_id: UUID) -> TripDetailRow | None:
    """One trip with its events; None if there is none."""

    def row(events: Any, **columns: Any) -> TripDetailRow:
        return TripDetailRow(events=msgspec.convert(events or [], list[TripEvent]), **columns)

    return await session.row(_DETAIL, row, {"trip_id": trip_id})


async def track(session: ReadSession, trip: TripDetailRow) -> list[TrackPoint]:
    """The trip's positions, oldest first, one a time, at most `LONGEST_TRACK` of them."""
    return await session.rows(
        _TRACK,
        TrackPoint,
        {
            "device_id": trip.device_id,
            "started_at": trip.started_at,
            "ended_at": trip.ended_at,
            "step": -(-trip.position_count // LONGEST_TRACK) or 1,
        },
    )


def _conditions(span: IdSpan, driver_id: str | None) -> list[str]:
    driver = ["driver_id = :driver_id"] if driver_id is not None else []
    return [*driver, *span.conditions("trip_id")]


def _page(conditions: Sequence[str]) -> str:
    where = " AND ".join(conditions) if conditions else "true"
    return f"SELECT {', '.join(_LISTED)} FROM trips WHERE {where} ORDER BY trip_id DESC LIMIT :limit"
