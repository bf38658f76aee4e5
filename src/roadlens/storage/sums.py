"""What each read model must hold: the statements that add it up anew, for who compares with it and who fills it.

A writer that keeps a read model beside the trips adds and takes away instead; only a driver's day is always added up.
"""

from __future__ import annotations

from typing import Final

from roadlens.domain import EVENT_TYPES, EventState

COUNTS: Final = tuple(kind.value for kind in EVENT_TYPES)
_ALL_EVENTS = " + ".join(COUNTS)
# An event that an administrator has dismissed is in the list, and in no sum.
_COUNTS = f"state <> '{EventState.DISMISSED}'"
_COUNTED = ", ".join(f"count(*) FILTER (WHERE event_type = '{name}' AND {_COUNTS})::int AS {name}" for name in COUNTS)

SUMS: Final = ("distance_m", "duration_s", "moving_s", "night_m", "rush_hour_m", "weekend_m", "speeding_m", *COUNTS)

# What a day of a driver must hold, from its trips. Recomputed and not added to, because a greatest speed cannot be
# taken away again; a day has few trips, and the ids bound them in the index.
DRIVER_DAY_COLUMNS: Final = ", ".join(("driver_id", "day", "trips", "top_speed_kmh", *SUMS))
DRIVER_DAY_VALUES: Final = "driver_id, day, count(*)::int AS trips, max(top_speed_kmh) AS top_speed_kmh, " + ", ".join(
    f"sum({name})::int AS {name}" for name in SUMS
)

EXPECTED: Final = {
    "trips": f"""
        SELECT trip_id, {_COUNTED}
        FROM trips LEFT JOIN safety_events USING (trip_id) GROUP BY trip_id""",
    "driver_day": f"""
        SELECT {DRIVER_DAY_VALUES} FROM trips GROUP BY driver_id, day""",
    "driver_summary": f"""
        SELECT driver_id, coalesce(trips, 0)::int, coalesce(distance_m, 0)::bigint, coalesce(events, 0)::int,
            last_trip_at, risk_score, risk_level, day
        FROM drivers
        LEFT JOIN (
            SELECT driver_id, count(*) AS trips, sum(distance_m) AS distance_m, sum({_ALL_EVENTS}) AS events,
                (array_agg(started_at ORDER BY trip_id DESC))[1] AS last_trip_at
            FROM trips GROUP BY driver_id
        ) AS driven USING (driver_id)
        LEFT JOIN (
            SELECT DISTINCT ON (driver_id) driver_id, risk_score, risk_level, day
            FROM risk_scores ORDER BY driver_id, day DESC
        ) AS latest USING (driver_id)""",
    "trip_day": f"""
        SELECT day, count(*), sum(trip_score), {", ".join(f"sum({name})" for name in COUNTS)}
        FROM trips GROUP BY day""",
    "fleet_totals": f"""
        SELECT (SELECT count(*) FROM drivers), (SELECT count(*) FROM users), (SELECT count(*) FROM vehicles),
            (SELECT count(*) FROM devices), count(*), coalesce(sum({_ALL_EVENTS}), 0), coalesce(sum(distance_m), 0)
        FROM trips""",
    "risk_histogram": """
        SELECT ceil(risk_score)::smallint AS bucket, count(*), sum(risk_score)
        FROM driver_summary WHERE risk_score IS NOT NULL GROUP BY bucket""",
}
