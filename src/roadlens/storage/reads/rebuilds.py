"""What scoring history again starts from: the version, chunks of trips with their positions, and drivers' new days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from roadlens.storage.binary import PACKED, Positions, from_packed
from roadlens.storage.database import ReadSession
from roadlens.storage.reads.scores import DrivenDay
from roadlens.storage.trip_rows import EventRow, TripRow

_VERSION = """
SELECT version, parameters, active, timezone, state, chunks, trips, positions, kept_trips
FROM score_versions CROSS JOIN installation LEFT JOIN score_rebuilds ON score_version = version
WHERE version = :version
"""

_LEFT = """
SELECT chunk, positions, exported_at IS NOT NULL AS exported FROM rescored_chunks
WHERE score_version = :version AND scored_at IS NULL ORDER BY chunk
"""

_SCORED = """
SELECT coalesce(sum(positions), 0) FROM rescored_chunks WHERE score_version = :version AND scored_at IS NOT NULL
"""


# Positions from before `positions_from` have been dropped; nothing can be made anew of a trip that began earlier.
_TRIPS = f"""
SELECT {", ".join(f"trips.{name}" for name in TripRow._fields)}, unique_id, vehicles.category, (
    SELECT string_agg({PACKED}, NULL ORDER BY fix_time, digest) FROM positions
    WHERE positions.device_id = trips.device_id AND fix_time BETWEEN started_at AND ended_at
        AND started_at >= coalesce(positions_from, '-infinity')
)
FROM rescored_chunks JOIN trips ON trip_id BETWEEN first_trip AND last_trip
JOIN devices USING (device_id) JOIN vehicles USING (vehicle_id) CROSS JOIN installation
WHERE rescored_chunks.score_version = :version AND chunk = :chunk ORDER BY trip_id
"""

_EVENTS = f"""
SELECT {", ".join(EventRow._fields)} FROM safety_events WHERE trip_id = ANY(:trips) ORDER BY trip_id, event_id
"""

# A driver whose history is scored has rows for all of it, for they are written in one transaction.
_UNRATED = """
SELECT driver_id FROM drivers
WHERE EXISTS (SELECT FROM rescored_trips AS scored
        WHERE scored.driver_id = drivers.driver_id AND scored.score_version = :version)
    AND NOT EXISTS (SELECT FROM rescored_risk AS rated
        WHERE rated.driver_id = drivers.driver_id AND rated.score_version = :version)
ORDER BY driver_id
"""

_DAYS = """
SELECT driver_id, day, sum(distance_m)::int AS distance_m, sum(speeding_m)::int AS speeding_m,
    sum(night_m)::int AS night_m, sum(harsh_braking)::int AS harsh_braking,
    sum(rapid_acceleration)::int AS rapid_acceleration, sum(harsh_cornering)::int AS harsh_cornering,
    sum(speeding)::int AS speeding, sum(phone_use)::int AS phone_use
FROM rescored_trips WHERE driver_id = ANY(:drivers) AND score_version = :version
GROUP BY driver_id, day ORDER BY driver_id, day
"""


class Version(NamedTuple):
    """A score version and how far history is scored by it; `state` and what follows are None before that was begun."""

    version: int
    parameters: dict[str, Any]
    active: bool
    timezone: str
    state: str | None
    chunks: int | None
    trips: int | None
    positions: int | None
    kept_trips: int | None


class Chunk(NamedTuple):
    chunk: int
    positions: int
    exported: bool


class StoredTrip(NamedTuple):
    """A trip as it is live, with its fixes by time and digest; none where they have been dropped."""

    trip: TripRow
    unique_id: str
    category: str | None
    fixes: Positions


async def version(session: ReadSession, number: int) -> Version | None:
    return await session.row(_VERSION, Version, {"version": number})


async def chunks_left(session: ReadSession, number: int) -> list[Chunk]:
    """The chunks that are not scored yet, in order."""
    return await session.rows(_LEFT, Chunk, {"version": number})


async def positions_scored(session: ReadSession, number: int) -> int:
    """How many positions are in the chunks that are scored."""
    return int(await session.value(_SCORED, {"version": number}))


async def chunk_of_trips(session: ReadSession, number: int, chunk: int) -> Iterator[StoredTrip]:
    """The trips of a chunk by id, as one moment has them; each is unpacked when its turn comes."""
    found = await session.tuples(_TRIPS, {"version": number, "chunk": chunk})
    width = len(TripRow._fields)
    return (
        StoredTrip(TripRow(*row[:width]), row[width], row[width + 1], from_packed(row[width + 2] or b""))
        for row in found
    )


async def events_of(session: ReadSession, trips: Sequence[UUID]) -> list[EventRow]:
    """The live events of these trips, by trip."""
    return [EventRow(*row) for row in await session.tuples(_EVENTS, {"trips": list(trips)})]


async def drivers_unrated(session: ReadSession, number: int) -> list[str]:
    """The drivers who have trips scored by the version, and no history yet."""
    return [driver for (driver,) in await session.tuples(_UNRATED, {"version": number})]


async def driven_days(session: ReadSession, number: int, drivers: Sequence[str]) -> list[DrivenDay]:
    """Every day of these drivers as the version's trips add up to it, by driver and day."""
    return await session.rows(_DAYS, DrivenDay, {"version": number, "drivers": list(drivers)})
