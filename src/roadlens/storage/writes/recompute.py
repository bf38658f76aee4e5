"""Fills read models anew with what `doctor` says that they must hold, in a database that nobody else writes to."""

from __future__ import annotations

from roadlens.storage.database import WriteSession
from roadlens.storage.sums import COUNTS, DRIVER_DAY_COLUMNS, EXPECTED
from roadlens.storage.tables import SHARDS

_COUNT_LIST = ", ".join(COUNTS)

_DRIVER_DAYS = f"INSERT INTO driver_day ({DRIVER_DAY_COLUMNS}) {EXPECTED['driver_day']} ORDER BY day, driver_id"

_SUMMARIES = f"""
UPDATE driver_summary AS stored SET trips = must.trips, distance_m = must.distance_m, events = must.events,
    last_trip_at = must.last_trip_at, risk_score = must.risk_score, risk_level = must.risk_level,
    scored_day = must.day
FROM ({EXPECTED["driver_summary"]}) AS must(driver_id, trips, distance_m, events, last_trip_at, risk_score,
    risk_level, day)
WHERE stored.driver_id = must.driver_id
"""

# Many writers would have touched every shard: the rows are there, so that reading costs what it costs in earnest.
_TRIP_DAYS = f"""
INSERT INTO trip_day (day, shard, trips, score_sum, {_COUNT_LIST})
SELECT day, shard, {
    ", ".join(f"CASE WHEN shard = 0 THEN {name} ELSE 0 END" for name in ("trips", "score_sum", *COUNTS))
}
FROM ({EXPECTED["trip_day"]}) AS must(day, trips, score_sum, {_COUNT_LIST}), generate_series(0, {SHARDS - 1}) AS shard
ORDER BY day, shard
"""
_HISTOGRAM = f"""
INSERT INTO risk_histogram (bucket, shard, drivers, score_sum)
SELECT bucket, shard, CASE WHEN shard = 0 THEN drivers ELSE 0 END, CASE WHEN shard = 0 THEN score_sum ELSE 0 END
FROM ({EXPECTED["risk_histogram"]}) AS must(bucket, drivers, score_sum), generate_series(0, {SHARDS - 1}) AS shard
ORDER BY bucket, shard
"""
_TOTALS = f"""
UPDATE fleet_totals AS stored SET trips = CASE WHEN shard = 0 THEN must.trips ELSE 0 END,
    events = CASE WHEN shard = 0 THEN must.events ELSE 0 END,
    distance_m = CASE WHEN shard = 0 THEN must.distance_m ELSE 0 END
FROM ({EXPECTED["fleet_totals"]}) AS must(drivers, users, vehicles, devices, trips, events, distance_m)
"""


async def driver_days(session: WriteSession) -> None:
    """Add every driver's trips up by day; the table must be empty."""
    await session.execute(_DRIVER_DAYS)


async def summaries_and_totals(session: WriteSession) -> None:
    """Make drivers' summaries and all counters what trips, days and scores say."""
    await session.execute(_SUMMARIES)
    await session.execute("DELETE FROM trip_day")
    await session.execute(_TRIP_DAYS)
    await session.execute("DELETE FROM risk_histogram")
    await session.execute(_HISTOGRAM)
    await session.execute(_TOTALS)
    await session.execute("ANALYZE driver_summary, risk_scores, trip_day, risk_histogram, fleet_totals")
