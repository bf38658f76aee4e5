"""All that is held about one driver, part by part. A table that gets something personal gets a part here."""

from __future__ import annotations

from typing import Any, Final

from roadlens.storage.cursor import Batches, batches
from roadlens.storage.database import ReadSession

Row = dict[str, Any]

_DRIVER = "SELECT * FROM drivers WHERE driver_id = :driver"

_SUMMARY = """
SELECT risk_score::float8, risk_level, scored_day, trips, distance_m, events, last_trip_at
FROM driver_summary WHERE driver_id = :driver
"""

# Who made an entry, and from where, is about somebody else, and stays out.
_LOG: Final = """
WITH of_driver AS (
    SELECT audit_id FROM audit_log WHERE entity = 'driver' AND entity_id = :driver
    UNION SELECT audit_id FROM audit_log WHERE before ->> 'driver_id' = :driver
    UNION SELECT audit_id FROM audit_log WHERE after ->> 'driver_id' = :driver
)
SELECT at, action, entity, entity_id, before, after FROM audit_log JOIN of_driver USING (audit_id) ORDER BY audit_id
"""

# Each assignment's positions come in the order of an index, however many there are: nothing is sorted.
_POSITIONS: Final = """
SELECT unique_id, fix_time, latitude, longitude, speed_kmh, course, hdop, speed_limit_kmh, flags, alarms
FROM (
    SELECT device_id, unique_id, valid_from, valid_to FROM device_assignments JOIN devices USING (device_id)
    WHERE driver_id = :driver ORDER BY valid_from NULLS FIRST, assignment_id
) AS had
CROSS JOIN LATERAL (
    SELECT * FROM positions WHERE positions.device_id = had.device_id
        AND fix_time >= coalesce(had.valid_from, '-infinity') AND fix_time < coalesce(had.valid_to, 'infinity')
    ORDER BY fix_time
) AS sent
"""

# In the order of the file. What is long comes last.
PARTS: Final = {
    "vehicles": """
        SELECT * FROM vehicles WHERE vehicle_id IN (
            SELECT vehicle_id FROM device_assignments WHERE driver_id = :driver
            UNION SELECT vehicle_id FROM trips WHERE driver_id = :driver)
        ORDER BY vehicle_id""",
    # Whose name and phone a device has is whose it is now, and that is somebody else, whoever had it before.
    "devices": """
        SELECT unique_id, CASE WHEN own THEN name END AS name, model, category, CASE WHEN own THEN phone END AS phone,
            CASE WHEN own THEN contact END AS contact, created_at
        FROM devices CROSS JOIN LATERAL (
            SELECT NOT EXISTS (SELECT FROM device_assignments AS held WHERE held.device_id = devices.device_id
                AND held.driver_id <> :driver AND (held.valid_to IS NULL OR held.valid_to > now())) AS own
        ) AS whose
        WHERE device_id IN (SELECT device_id FROM device_assignments WHERE driver_id = :driver)
        ORDER BY unique_id""",
    "assignments": """
        SELECT assignment_id, unique_id, vehicle_id, valid_from, valid_to, device_assignments.created_at
        FROM device_assignments JOIN devices USING (device_id) WHERE driver_id = :driver
        ORDER BY valid_from NULLS FIRST, assignment_id""",
    "log": _LOG,
    "risk_scores": """
        SELECT day, risk_score::float8, risk_level, distance_m, factors, score_version FROM risk_scores
        WHERE driver_id = :driver ORDER BY day""",
    "days": "SELECT * FROM driver_day WHERE driver_id = :driver ORDER BY day",
    "trips": """
        SELECT trips.*, trips.trip_score::float8 AS trip_score FROM trips WHERE driver_id = :driver ORDER BY trip_id""",
    "reviews": """
        SELECT unique_id, event_type, began_at, ended_at, state, note, reviewed_at
        FROM event_reviews JOIN devices USING (device_id) WHERE driver_id = :driver ORDER BY review_id""",
    "events": "SELECT * FROM safety_events WHERE driver_id = :driver ORDER BY event_id",
    # What versions of the scoring that are not live have made of it.
    "rescored_risk": """
        SELECT score_version, day, risk_score::float8, risk_level, distance_m, factors FROM rescored_risk
        WHERE driver_id = :driver ORDER BY score_version, day""",
    "rescored_trips": """
        SELECT rescored_trips.*, trip_score::float8 AS trip_score FROM rescored_trips
        WHERE driver_id = :driver ORDER BY score_version, trip_id""",
    "rescored_events": """
        SELECT * FROM rescored_events WHERE driver_id = :driver ORDER BY score_version, event_id""",
    "positions": _POSITIONS,
}


async def driver(session: ReadSession, driver_id: str) -> Row | None:
    """The driver's own row; None if there is no such driver."""
    return await session.row(_DRIVER, dict, {"driver": driver_id})


async def summary(session: ReadSession, driver_id: str) -> Row | None:
    """What is summed up of the driver."""
    return await session.row(_SUMMARY, dict, {"driver": driver_id})


def part(session: ReadSession, name: str, driver_id: str) -> Batches[Row]:
    """The rows of one of `PARTS`."""
    return batches(session, PARTS[name], dict, {"driver": driver_id})
