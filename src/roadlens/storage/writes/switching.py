"""Takes what a version has made of history over into what is live: trips, events, scores and all sums of them.

Each statement goes over all of it once. The caller has closed the barrier: nobody else writes trips, and readers see
nothing of it before the commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from roadlens.storage.arrays import array, arrays
from roadlens.storage.database import WriteSession
from roadlens.storage.sums import COUNTS, EXPECTED, SUMS
from roadlens.storage.trip_rows import EventRow
from roadlens.storage.writes.barrier import Touched

# A process that has gone is noticed at once, and not at the end of a statement of minutes. Sorts of millions of rows.
_PREPARE = """
SELECT set_config('client_connection_check_interval', '1s', true), set_config('work_mem', '128MB', true)
"""

# What a version gives a trip; the rest is as it was cut. A trip that has changed since is not the one that was scored.
# One that begins before positions are kept cannot be cut again: if something has happened to its device, it stays as
# it is but for its score.
_GIVEN: Final = ("night_m", "rush_hour_m", "speeding_m", "speeding_s", *COUNTS, "trip_score")
_TAKE_TRIPS = f"""
UPDATE trips SET {", ".join(f"{name} = made.{name}" for name in _GIVEN)}, score_version = :version
FROM rescored_trips AS made, installation
WHERE made.score_version = :version AND made.trip_id = trips.trip_id
    AND (made.driver_id, made.day, made.distance_m) = (trips.driver_id, trips.day, trips.distance_m)
    AND (trips.started_at >= coalesce(positions_from, '-infinity') OR NOT EXISTS (
        SELECT FROM rescored_devices AS noted
        WHERE noted.score_version = :version AND noted.device_id = trips.device_id))
"""

# Before, all trips were of one version: what is joined with those of another would be planned for one row.
_ANALYSE = "ANALYZE trips (score_version)"

_DROP_EVENTS = """
DELETE FROM safety_events AS live USING trips
WHERE trips.trip_id = live.trip_id AND trips.score_version = :version AND NOT EXISTS (
    SELECT FROM rescored_events AS made WHERE made.score_version = :version AND made.event_id = live.event_id)
"""
_EVENT: Final = EventRow._fields
_TAKE_EVENTS = f"""
INSERT INTO safety_events AS live ({", ".join(_EVENT)})
SELECT {", ".join(f"made.{name}" for name in _EVENT)}
FROM rescored_events AS made JOIN trips USING (trip_id)
WHERE made.score_version = :version AND trips.score_version = :version
ON CONFLICT (event_id) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in _EVENT[1:])}
WHERE ({", ".join(f"live.{name}" for name in _EVENT)})
    IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _EVENT)})
"""

_DIFFERENT_DRIVERS = """
SELECT DISTINCT driver_id FROM trips WHERE score_version <> :version
UNION
SELECT driver_id FROM rescored_trips AS made WHERE made.score_version = :version AND NOT EXISTS (
    SELECT FROM trips WHERE trips.trip_id = made.trip_id AND trips.score_version = :version)
ORDER BY driver_id
"""

_LEFT = f"""
SELECT trip_id, distance_m, speeding_m, {", ".join(COUNTS)} FROM trips
WHERE trip_id > :after AND score_version <> :version ORDER BY trip_id LIMIT :limit
"""
_RATE = """
UPDATE trips SET trip_score = rated.score, score_version = :version
FROM unnest(cast(:trips AS uuid[]), cast(:scores AS numeric[])) AS rated(trip_id, score)
WHERE trips.trip_id = rated.trip_id
"""

_DAY = ("trips", "top_speed_kmh", *SUMS)
_SUM_DAYS = f"""
UPDATE driver_day AS stored SET {", ".join(f"{name} = must.{name}" for name in _DAY)}
FROM ({EXPECTED["driver_day"]}) AS must
WHERE (stored.driver_id, stored.day) = (must.driver_id, must.day)
    AND ({", ".join(f"stored.{name}" for name in _DAY)}) IS DISTINCT FROM ({", ".join(f"must.{name}" for name in _DAY)})
"""

_TAKE_RISK = """
INSERT INTO risk_scores (driver_id, day, risk_score, risk_level, distance_m, factors, score_version)
SELECT driver_id, day, risk_score, risk_level, distance_m, factors, :version
FROM rescored_risk JOIN drivers USING (driver_id)
WHERE rescored_risk.score_version = :version AND driver_id <> ALL(cast(:otherwise AS text[]))
ON CONFLICT (driver_id, day) DO UPDATE SET risk_score = excluded.risk_score, risk_level = excluded.risk_level,
    distance_m = excluded.distance_m, factors = excluded.factors, score_version = excluded.score_version
"""

_NOTED = "SELECT device_id, first, last FROM rescored_devices WHERE score_version = :version ORDER BY device_id"


class Left(NamedTuple):
    """A trip that has no new events: what a score of it is computed from."""

    trip_id: UUID
    distance_m: int
    speeding_m: int
    counts: tuple[int, ...]


async def prepare(session: WriteSession) -> None:
    """Before all else: be noticed when gone, and have memory for sorts. Until the transaction ends."""
    await session.tuples(_PREPARE)


async def take_trips(session: WriteSession, version: int) -> int:
    """Give the trips what the version has made of them, with their events; returns how many trips."""
    taken = await session.execute(_TAKE_TRIPS, {"version": version})
    await session.execute(_ANALYSE)
    await session.execute(_DROP_EVENTS, {"version": version})
    await session.execute(_TAKE_EVENTS, {"version": version})
    return taken


async def different_drivers(session: WriteSession, version: int) -> list[str]:
    """Drivers whose trips are not those that the version has scored: the scores that it gave them do not hold."""
    return [driver for (driver,) in await session.tuples(_DIFFERENT_DRIVERS, {"version": version})]


async def left(session: WriteSession, version: int, after: UUID, limit: int) -> list[Left]:
    """The next trips by id that the version has not scored."""
    found = await session.tuples(_LEFT, {"version": version, "after": after, "limit": limit})
    return [Left(trip_id, distance_m, speeding_m, tuple(counts)) for trip_id, distance_m, speeding_m, *counts in found]


async def rate(session: WriteSession, version: int, scores: Sequence[tuple[UUID, Decimal]]) -> None:
    """Give trips these scores, of the version."""
    await session.execute(_RATE, {"version": version, **arrays(("trips", "scores"), scores)})


async def sum_days(session: WriteSession) -> None:
    """Make drivers' days what the trips say; there are as many as before."""
    await session.execute(_SUM_DAYS)


async def take_risk(session: WriteSession, version: int, otherwise: Sequence[str]) -> None:
    """Give drivers the risk scores of the version, but for those who are scored otherwise."""
    await session.execute(_TAKE_RISK, {"version": version, "otherwise": array(otherwise)})


async def noted(session: WriteSession, version: int) -> list[Touched]:
    """The devices of which something has come or changed since history was exported."""
    return await session.rows(_NOTED, Touched, {"version": version})
