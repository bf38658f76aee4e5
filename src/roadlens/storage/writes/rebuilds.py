"""History scored by another version, beside what is live: chunks, what came of them, how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import msgspec

from roadlens.storage.arrays import arrays
from roadlens.storage.database import WriteSession
from roadlens.storage.trip_rows import EventRow
from roadlens.storage.writes.scores import ScoredDay

# About so many positions are a chunk: some 15 MB while they are read. A trip costs something even without positions.
POSITIONS_A_CHUNK = 250_000
_POSITIONS_WORTH_A_TRIP = 50

_BEGIN = """
INSERT INTO score_rebuilds (score_version, state) VALUES (:version, 'planning')
ON CONFLICT (score_version) DO UPDATE SET state = 'planning', chunks = 0, trips = 0, positions = 0, kept_trips = 0,
    started_at = now(), finished_at = NULL
"""
_EMPTIED = ("rescored_devices", "rescored_chunks", "rescored_trips", "rescored_events", "rescored_risk")

# There is no min(uuid) before PostgreSQL 18; as texts of equal length in the "C" order they sort the same.
_PLAN = """
WITH placed AS (
    SELECT trip_id::text COLLATE "C" AS trip_id, position_count,
        (sum(position_count + :a_trip) OVER (ORDER BY trip_id ROWS UNBOUNDED PRECEDING) - 1) / :a_chunk AS place
    FROM trips
), planned AS (
    INSERT INTO rescored_chunks (score_version, chunk, first_trip, last_trip, positions)
    SELECT :version, row_number() OVER (ORDER BY place), min(trip_id)::uuid, max(trip_id)::uuid, sum(position_count)
    FROM placed GROUP BY place
    RETURNING positions
), counted AS (SELECT count(*) AS trips FROM placed)
UPDATE score_rebuilds SET state = 'scoring', trips = counted.trips,
    chunks = (SELECT count(*) FROM planned), positions = (SELECT coalesce(sum(positions), 0) FROM planned)
FROM counted WHERE score_version = :version
"""

# A driver who is being deleted or erased is gone with all rows, or holds us up until these are there to go as well.
_HOLD_DRIVERS = """
SELECT driver_id FROM drivers WHERE driver_id = ANY(:drivers) ORDER BY driver_id FOR KEY SHARE
"""

_EXPORTED = """
UPDATE rescored_chunks SET exported_at = now() WHERE score_version = :version AND chunk = :chunk
"""

# The row is the lock: of two processes that have scored a chunk, the second finds it done.
_CLAIM = """
UPDATE rescored_chunks SET scored_at = now()
WHERE score_version = :version AND chunk = :chunk AND scored_at IS NULL
"""
_COUNT_KEPT = "UPDATE score_rebuilds SET kept_trips = kept_trips + :kept WHERE score_version = :version"

_STATE = """
UPDATE score_rebuilds SET state = :state, finished_at = CASE WHEN :state = 'ready' THEN now() END
WHERE score_version = :version
"""


class RescoredTrip(NamedTuple):
    """One row of `rescored_trips`, but for its version."""

    trip_id: UUID
    driver_id: str
    day: date
    distance_m: int
    night_m: int
    rush_hour_m: int
    speeding_m: int
    speeding_s: int | None
    harsh_braking: int
    rapid_acceleration: int
    harsh_cornering: int
    speeding: int
    phone_use: int
    trip_score: Decimal


_TYPES = {
    "trip_id": "uuid",
    "event_id": "uuid",
    "day": "date",
    "occurred_at": "timestamptz",
    "ended_at": "timestamptz",
    "trip_score": "numeric",
    **dict.fromkeys(("driver_id", "event_type", "source", "state"), "text"),
    **dict.fromkeys(("severity", "confidence", "latitude", "longitude", "speed_kmh"), "float8"),
}


def _insert(table: str, columns: Sequence[str]) -> str:
    values = ", ".join(f"cast(:{name} AS {_TYPES.get(name, 'int')}[])" for name in columns)
    return f"INSERT INTO {table} (score_version, {', '.join(columns)}) SELECT :version, * FROM unnest({values})"


_PUT_TRIPS = _insert("rescored_trips", RescoredTrip._fields)
_PUT_EVENTS = _insert("rescored_events", EventRow._fields)

_FORGET_RISK = "DELETE FROM rescored_risk WHERE score_version = :version AND driver_id = ANY(:drivers)"
_PUT_RISK = """
INSERT INTO rescored_risk (score_version, driver_id, day, risk_score, risk_level, distance_m, factors)
SELECT :version, * FROM ROWS FROM (
    unnest(cast(:driver_id AS text[])), unnest(cast(:day AS date[])), unnest(cast(:risk_score AS numeric[])),
    unnest(cast(:risk_level AS text[])), unnest(cast(:distance_m AS int[])),
    jsonb_array_elements(cast(:factors AS jsonb))
)
"""


async def begin(session: WriteSession, version: int) -> None:
    """Note that history is scored by the version, from the start: what an earlier attempt has left is removed.

    The barrier is closed: when this has committed, whoever writes trips notes what is touched.
    """
    for table in _EMPTIED:
        await session.execute(f"DELETE FROM {table} WHERE score_version = :version", {"version": version})
    await session.execute(_BEGIN, {"version": version})


async def plan(session: WriteSession, version: int, positions: int = POSITIONS_A_CHUNK) -> None:
    """Divide all trips, by id, into chunks of about so many positions."""
    values = {"version": version, "a_chunk": positions, "a_trip": _POSITIONS_WORTH_A_TRIP}
    await session.execute(_PLAN, values)


async def hold_drivers(session: WriteSession, drivers: Iterable[str]) -> list[str]:
    """Those of the drivers that there are, who stay until the transaction ends."""
    return [driver for (driver,) in await session.tuples(_HOLD_DRIVERS, {"drivers": sorted(set(drivers))})]


async def note_exported(session: WriteSession, version: int, chunk: int) -> None:
    await session.execute(_EXPORTED, {"version": version, "chunk": chunk})


async def put_chunk(
    session: WriteSession,
    version: int,
    chunk: int,
    trips: Sequence[RescoredTrip],
    events: Sequence[EventRow],
    kept: int,
) -> bool:
    """Store what came of a chunk; False if somebody else has done so meanwhile.

    Args:
        session: the transaction.
        version: the score version.
        chunk: its number.
        trips: its trips with their new scores.
        events: their events.
        kept: how many of the trips have no positions any more.
    """
    if not await session.execute(_CLAIM, {"version": version, "chunk": chunk}):
        return False
    there = set(await hold_drivers(session, (trip.driver_id for trip in trips)))
    trips = [trip for trip in trips if trip.driver_id in there]
    events = [event for event in events if event.driver_id in there]
    if trips:
        await session.execute(_PUT_TRIPS, {"version": version, **arrays(RescoredTrip._fields, trips)})
    if events:
        await session.execute(_PUT_EVENTS, {"version": version, **arrays(EventRow._fields, events)})
    if kept:
        await session.execute(_COUNT_KEPT, {"version": version, "kept": kept})
    return True


async def put_histories(
    session: WriteSession, version: int, drivers: Sequence[str], scored: Sequence[ScoredDay]
) -> None:
    """Store all scores of these drivers by the version, in place of those that may be there."""
    await session.execute(_FORGET_RISK, {"version": version, "drivers": list(drivers)})
    if scored:
        columns = arrays(ScoredDay._fields[:-1], [row[:-1] for row in scored])
        factors = msgspec.json.encode([row.factors for row in scored]).decode()
        await session.execute(_PUT_RISK, {"version": version, "factors": factors, **columns})


async def reach(session: WriteSession, version: int, state: str) -> None:
    """Note how far it is: `exporting`, `scoring`, `rating` (drivers' histories), `ready`.

    What has been written meanwhile is counted first, for whoever asks about it next.
    """
    await session.execute("ANALYZE rescored_trips, rescored_events, rescored_risk")
    await session.execute(_STATE, {"version": version, "state": state})
