"""(b) One statement of outer joins with `count(DISTINCT …)`, over the same tables as (a).

Joins multiply rows: a driver's row stands there once for each trip, vehicle and score of theirs. `DISTINCT` repairs
counts; averages are weighted by it, and sums are too large.
"""

from __future__ import annotations

from typing import Any

from benchmarks.naive.asked import PAGE, Asked, Facts, kilometres, score
from roadlens.domain import EVENT_TYPES, RiskLevel
from roadlens.storage.database import ReadSession

_SUMMARY = """
SELECT count(DISTINCT driver.driver_id) AS total_drivers, count(DISTINCT vehicle.vehicle_id) AS total_vehicles,
    count(DISTINCT trip.trip_id) AS total_trips, avg(score.risk_score) AS avg_risk_score
FROM drivers AS driver
LEFT JOIN device_assignments AS assignment ON assignment.driver_id = driver.driver_id
LEFT JOIN vehicles AS vehicle ON vehicle.vehicle_id = assignment.vehicle_id
LEFT JOIN trips AS trip ON trip.driver_id = driver.driver_id
LEFT JOIN risk_scores AS score ON score.driver_id = driver.driver_id
"""

_DRIVERS_LIST = """
SELECT driver.*, (SELECT count(*) FROM drivers) AS total,
    (array_agg(vehicle.vehicle_id ORDER BY valid_from DESC NULLS LAST, assignment_id DESC))[1] AS vehicle,
    (array_agg(score.risk_score ORDER BY score.day DESC))[1] AS risk_score,
    count(DISTINCT trip.trip_id) AS trips, coalesce(sum(trip.distance_m), 0) AS distance_m,
    max(trip.started_at) AS last_trip_at
FROM drivers AS driver
LEFT JOIN device_assignments AS assignment ON assignment.driver_id = driver.driver_id
    AND (valid_from IS NULL OR valid_from <= now()) AND (valid_to IS NULL OR valid_to > now())
LEFT JOIN vehicles AS vehicle ON vehicle.vehicle_id = assignment.vehicle_id
LEFT JOIN trips AS trip ON trip.driver_id = driver.driver_id
LEFT JOIN risk_scores AS score ON score.driver_id = driver.driver_id
GROUP BY driver.driver_id ORDER BY driver.driver_id LIMIT :limit
"""

_TRIP_ACTIVITY = """
SELECT cast(calendar AS date) AS day, count(DISTINCT trip_id) AS trip_count, avg(trip_score) AS avg_score
FROM generate_series(cast(:first AS date), cast(:last AS date), interval '1 day') AS calendar
LEFT JOIN trips ON trips.day = cast(calendar AS date)
GROUP BY calendar ORDER BY calendar
"""

_DRIVER_DETAILS = """
SELECT driver.*, array_agg(DISTINCT assignment.vehicle_id) AS vehicles,
    (array_agg(score.risk_score ORDER BY score.day DESC))[1] AS risk_score,
    (array_agg(score.factors ORDER BY score.day DESC))[1] AS factors,
    count(DISTINCT trip.trip_id) AS trips, coalesce(sum(trip.distance_m), 0) AS distance_m,
    max(trip.started_at) AS last_trip_at, count(DISTINCT event.event_id) AS events
FROM drivers AS driver
LEFT JOIN device_assignments AS assignment ON assignment.driver_id = driver.driver_id
LEFT JOIN vehicles AS vehicle ON vehicle.vehicle_id = assignment.vehicle_id
LEFT JOIN risk_scores AS score ON score.driver_id = driver.driver_id
LEFT JOIN trips AS trip ON trip.driver_id = driver.driver_id
LEFT JOIN safety_events AS event ON event.trip_id = trip.trip_id
WHERE driver.driver_id = :driver_id GROUP BY driver.driver_id
"""

_STATS = """
SELECT count(DISTINCT driver.driver_id) AS drivers, (SELECT count(*) FROM users) AS users,
    count(DISTINCT vehicle.vehicle_id) AS vehicles, count(DISTINCT device.device_id) AS devices,
    count(DISTINCT trip.trip_id) AS trips, count(DISTINCT event.event_id) AS events,
    (SELECT array_agg(driver_id) FROM (
        SELECT driver_id FROM drivers ORDER BY created_at DESC, driver_id DESC LIMIT 5) AS newest) AS recent_drivers,
    (SELECT array_agg(user_id) FROM (
        SELECT user_id FROM users ORDER BY created_at DESC, user_id DESC LIMIT 5) AS newest) AS recent_users
FROM drivers AS driver
LEFT JOIN device_assignments AS assignment ON assignment.driver_id = driver.driver_id
LEFT JOIN vehicles AS vehicle ON vehicle.vehicle_id = assignment.vehicle_id
LEFT JOIN devices AS device ON device.device_id = assignment.device_id
LEFT JOIN trips AS trip ON trip.driver_id = driver.driver_id
LEFT JOIN safety_events AS event ON event.trip_id = trip.trip_id
"""

_SAFETY_EVENTS = """
SELECT kind, count(DISTINCT event_id) FROM unnest(cast(:kinds AS text[])) AS kind
LEFT JOIN safety_events ON event_type = kind AND occurred_at >= :since
GROUP BY kind
"""

_RISK_DISTRIBUTION = """
SELECT count(DISTINCT driver.driver_id) FILTER (WHERE risk_level = 'low') AS low,
    count(DISTINCT driver.driver_id) FILTER (WHERE risk_level = 'medium') AS medium,
    count(DISTINCT driver.driver_id) FILTER (WHERE risk_level = 'high') AS high
FROM drivers AS driver LEFT JOIN risk_scores AS score ON score.driver_id = driver.driver_id
"""


async def summary(session: ReadSession, _asked: Asked) -> Facts:
    (row,) = await session.rows(_SUMMARY, dict[str, Any])
    return {**row, "avg_risk_score": score(row["avg_risk_score"])}


async def drivers_list(session: ReadSession, _asked: Asked) -> Facts:
    facts: Facts = {}
    for row in await session.rows(_DRIVERS_LIST, dict[str, Any], {"limit": PAGE}):
        facts |= {
            "total": row["total"],
            f"{row['driver_id']} vehicle": row["vehicle"],
            f"{row['driver_id']} risk_score": score(row["risk_score"]),
            f"{row['driver_id']} trips": row["trips"],
            f"{row['driver_id']} distance_km": kilometres(row["distance_m"]),
        }
    return facts


async def trip_activity(session: ReadSession, asked: Asked) -> Facts:
    facts: Facts = {}
    first, *_, last = asked.activity
    for day, trips, mean in await session.tuples(_TRIP_ACTIVITY, {"first": first, "last": last}):
        facts |= {f"{day} trip_count": trips, f"{day} avg_score": score(mean)}
    return facts


async def driver_details(session: ReadSession, asked: Asked) -> Facts:
    (row,) = await session.rows(_DRIVER_DETAILS, dict[str, Any], {"driver_id": asked.driver_id})
    return {
        "vehicles": " ".join(sorted(filter(None, row["vehicles"]))),
        "risk_score": score(row["risk_score"]),
        "trips": row["trips"],
        "distance_km": kilometres(row["distance_m"]),
        "events": row["events"],
    }


async def stats(session: ReadSession, _asked: Asked) -> Facts:
    (row,) = await session.rows(_STATS, dict[str, Any])
    recent = {name: " ".join(map(str, row[name])) for name in ("recent_drivers", "recent_users")}
    return {**row, **recent}


async def safety_events(session: ReadSession, asked: Asked) -> Facts:
    params = {"kinds": [kind.value for kind in EVENT_TYPES], "since": asked.events_since}
    return dict(await session.tuples(_SAFETY_EVENTS, params))


async def risk_distribution(session: ReadSession, _asked: Asked) -> Facts:
    (row,) = await session.rows(_RISK_DISTRIBUTION, dict[str, Any])
    return {level.value: row[level.value] for level in RiskLevel}
