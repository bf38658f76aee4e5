"""Keeps the read models beside the trips, in the same transaction: what a change takes away and what it adds.

Counters that many writers share have shards; a writer adds to the shard of its own connection, so that two of them
seldom wait for each other. Rows are always taken in the same order (drivers, histogram, days, totals), each sorted; the
totals, which a transaction that registers devices holds already, are taken where nobody holds them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from math import ceil
from typing import NamedTuple
from uuid import UUID

from roadlens.storage.database import WriteSession
from roadlens.storage.sums import COUNTS, DRIVER_DAY_COLUMNS, DRIVER_DAY_VALUES, SUMS
from roadlens.storage.trip_rows import TripRow

_SHARD = "pg_backend_pid() % 16"

_LOCK_DRIVERS = """
SELECT driver_id, risk_score FROM driver_summary WHERE driver_id = ANY(:drivers) ORDER BY driver_id FOR UPDATE
"""

_PUT_DRIVER_DAYS = f"""
WITH touched AS (
    SELECT * FROM unnest(cast(:drivers AS text[]), cast(:days AS date[]),
                         cast(:firsts AS uuid[]), cast(:lasts AS uuid[])) AS touched(driver, on_day, first, last)
), found AS (
    SELECT {DRIVER_DAY_VALUES} FROM touched
    JOIN trips ON driver_id = driver AND trip_id BETWEEN first AND last AND day = on_day
    GROUP BY driver_id, day
), emptied AS (
    DELETE FROM driver_day USING touched WHERE driver_id = driver AND day = on_day
        AND NOT EXISTS (SELECT FROM found WHERE found.driver_id = driver AND found.day = on_day)
)
INSERT INTO driver_day ({DRIVER_DAY_COLUMNS}) SELECT {DRIVER_DAY_COLUMNS} FROM found ORDER BY driver_id, day
ON CONFLICT (driver_id, day) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in ("trips", "top_speed_kmh", *SUMS))}
"""

_ADD_TRIP_DAYS = f"""
INSERT INTO trip_day AS stored (day, shard, trips, score_sum, {", ".join(COUNTS)})
SELECT day, {_SHARD}, trips, score_sum, {", ".join(COUNTS)}
FROM unnest(cast(:day AS date[]), cast(:trips AS int[]), cast(:score_sum AS numeric[]),
            {", ".join(f"cast(:{name} AS int[])" for name in COUNTS)})
    AS added(day, trips, score_sum, {", ".join(COUNTS)})
ORDER BY day
ON CONFLICT (day, shard) DO UPDATE SET trips = stored.trips + excluded.trips,
    score_sum = stored.score_sum + excluded.score_sum,
    {", ".join(f"{name} = stored.{name} + excluded.{name}" for name in COUNTS)}
"""

_ADD_TOTALS = """
UPDATE fleet_totals SET trips = trips + :trips, events = events + :events, distance_m = distance_m + :distance_m
WHERE shard = (SELECT roadlens_free_shard())
"""

_ADD_SUMMARIES = """
UPDATE driver_summary AS stored SET trips = stored.trips + added.trips,
    distance_m = stored.distance_m + added.distance_m, events = stored.events + added.events,
    last_trip_at = (SELECT started_at FROM trips WHERE trips.driver_id = stored.driver_id
                    ORDER BY trip_id DESC LIMIT 1)
FROM unnest(cast(:driver_id AS text[]), cast(:trips AS int[]), cast(:distance_m AS bigint[]), cast(:events AS int[]))
    AS added(driver_id, trips, distance_m, events)
WHERE stored.driver_id = added.driver_id
"""

_ADD_HISTOGRAM = f"""
INSERT INTO risk_histogram AS stored (bucket, shard, drivers, score_sum)
SELECT bucket, {_SHARD}, drivers, score_sum
FROM unnest(cast(:bucket AS smallint[]), cast(:drivers AS int[]), cast(:score_sum AS numeric[]))
    AS added(bucket, drivers, score_sum)
ORDER BY bucket
ON CONFLICT (bucket, shard) DO UPDATE SET drivers = stored.drivers + excluded.drivers,
    score_sum = stored.score_sum + excluded.score_sum
"""


class DriverDay(NamedTuple):
    """A driver's calendar day; its trips have ids from `first` to `last`."""

    driver_id: str
    day: date
    first: UUID
    last: UUID


async def lock_drivers(session: WriteSession, drivers: Iterable[str]) -> dict[str, Decimal | None]:
    """Hold the drivers' summaries until the transaction ends and give the latest score of each."""
    return dict(await session.tuples(_LOCK_DRIVERS, {"drivers": sorted(set(drivers))}))


async def put_driver_days(session: WriteSession, days: Sequence[DriverDay]) -> None:
    """Make these days what the stored trips say."""
    drivers, on_days, firsts, lasts = map(list, zip(*sorted(days), strict=True))
    await session.execute(_PUT_DRIVER_DAYS, {"drivers": drivers, "days": on_days, "firsts": firsts, "lasts": lasts})


async def add_trips(session: WriteSession, gone: Sequence[TripRow], put: Sequence[TripRow]) -> None:
    """Take the old trips out of the summaries, days and totals, and add the new ones. Zero changes write nothing."""
    summaries: dict[str, Counter[str]] = {}
    days: dict[date, Counter[str]] = {}
    scores: dict[date, Decimal] = {}
    totals: Counter[str] = Counter()
    for sign, trips in ((-1, gone), (1, put)):
        for trip in trips:
            change = {"trips": sign, "distance_m": sign * trip.distance_m, "events": sign * trip.events}
            for counter in (totals, summaries.setdefault(trip.driver_id, Counter())):
                counter.update(change)
            day = days.setdefault(trip.day, Counter())
            day.update({"trips": sign} | {name: sign * getattr(trip, name) for name in COUNTS})
            scores[trip.day] = scores.get(trip.day, Decimal(0)) + sign * trip.trip_score
    names = ("trips", "distance_m", "events")
    drivers = sorted(summaries)
    await session.execute(
        _ADD_SUMMARIES,
        {"driver_id": drivers} | {name: [summaries[driver][name] for driver in drivers] for name in names},
    )
    changed = sorted(day for day in days if any(days[day].values()) or scores[day])
    if changed:
        columns = {name: [days[day][name] for day in changed] for name in ("trips", *COUNTS)}
        sums = [scores[day] for day in changed]
        await session.execute(_ADD_TRIP_DAYS, {"day": changed, "score_sum": sums, **columns})
    if any(totals.values()):
        await session.execute(_ADD_TOTALS, {name: totals[name] for name in names})


async def move_scores(
    session: WriteSession, before: dict[str, Decimal | None], after: dict[str, Decimal | None]
) -> None:
    """Move drivers whose latest score changed from one bucket of the histogram to another."""
    drivers: Counter[int] = Counter()
    sums: dict[int, Decimal] = {}
    for sign, scores in ((-1, before), (1, after)):
        for driver, score in scores.items():
            if score is not None and before.get(driver) != after.get(driver):
                bucket = ceil(score)
                drivers[bucket] += sign
                sums[bucket] = sums.get(bucket, Decimal(0)) + sign * score
    buckets = sorted(bucket for bucket in sums if drivers[bucket] or sums[bucket])
    if buckets:
        await session.execute(
            _ADD_HISTOGRAM,
            {
                "bucket": buckets,
                "drivers": [drivers[bucket] for bucket in buckets],
                "score_sum": [sums[bucket] for bucket in buckets],
            },
        )
