"""Keeps the read models beside the trips, in the same transaction: what a change takes away and what it adds.

Counters that many writers share have shards; a writer adds to the shard of its transaction, so that two of them seldom
wait for each other. Rows are always taken in the same order (drivers, histogram, days, totals), each sorted; the
totals, which a transaction that registers devices holds already, are taken where nobody holds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from roadlens.storage.arrays import array, arrays
from roadlens.storage.database import WriteSession
from roadlens.storage.sums import COUNTS, DRIVER_DAY_COLUMNS, DRIVER_DAY_VALUES, SUMS
from roadlens.storage.tables import SHARDS
from roadlens.storage.trip_rows import TripRow
from roadlens.storage.writes.scores import ScoredDay

K = TypeVar("K")
Sums = tuple[int | Decimal, ...]

# Transactions that are open at the same time have numbers close to each other, so hardly two of them meet. The
# processes of two connections may have numbers that differ by a multiple of 16, and meet in every transaction.
_SHARD = f"pg_current_xact_id()::text::bigint % {SHARDS}"

_LOCK_DRIVERS = """
SELECT FROM driver_summary WHERE driver_id = ANY(cast(:drivers AS text[])) ORDER BY driver_id FOR UPDATE
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

_ADD_DRIVER_DAYS = f"""
WITH found AS (
    SELECT {DRIVER_DAY_VALUES} FROM trips WHERE trip_id = ANY(cast(:trips AS uuid[])) GROUP BY driver_id, day
)
INSERT INTO driver_day AS stored ({DRIVER_DAY_COLUMNS}) SELECT {DRIVER_DAY_COLUMNS} FROM found ORDER BY driver_id, day
ON CONFLICT (driver_id, day) DO UPDATE SET
    top_speed_kmh = greatest(stored.top_speed_kmh, excluded.top_speed_kmh),
    {", ".join(f"{name} = stored.{name} + excluded.{name}" for name in ("trips", *SUMS))}
"""

# One statement writes each summary once, and the histogram learns from it who went where. The drivers are held, so
# nobody changes between `before` and `after`. Each part waits for the one before, by its `count(*)`: rows are taken in
# one order. The last trip is the one of the greatest id, which has milliseconds: a trip that is newer by more than one
# is the last, and trips need not be asked. Scores need not either, where the newest that was written is of the latest
# day or a newer one.
_SUM_UP = f"""
WITH added AS MATERIALIZED (
    SELECT * FROM unnest(cast(:drivers AS text[]), cast(:driver_trips AS int[]), cast(:driver_distances AS bigint[]),
                         cast(:driver_events AS int[]), cast(:newest AS timestamptz[]),
                         cast(:scores AS numeric[]), cast(:levels AS text[]), cast(:scored_days AS date[]))
        AS added(driver_id, trips, distance_m, events, newest, risk_score, risk_level, scored_day)
), before AS MATERIALIZED (
    SELECT added.*, held.risk_score AS score_before, added.scored_day >= held.scored_day
        OR (added.scored_day IS NOT NULL AND held.scored_day IS NULL) AS told
    FROM added JOIN driver_summary AS held USING (driver_id)
), after AS (
    UPDATE driver_summary AS stored SET trips = stored.trips + added.trips,
        distance_m = stored.distance_m + added.distance_m, events = stored.events + added.events,
        last_trip_at = CASE
            WHEN added.newest > coalesce(stored.last_trip_at, '-infinity') + interval '1 millisecond' THEN added.newest
            ELSE (SELECT started_at FROM trips WHERE trips.driver_id = stored.driver_id ORDER BY trip_id DESC LIMIT 1)
        END,
        risk_score = CASE WHEN told THEN added.risk_score ELSE latest.risk_score END,
        risk_level = CASE WHEN told THEN added.risk_level ELSE latest.risk_level END,
        scored_day = CASE WHEN told THEN added.scored_day ELSE latest.day END
    FROM before AS added LEFT JOIN LATERAL (
        SELECT risk_score, risk_level, day FROM risk_scores
        WHERE risk_scores.driver_id = added.driver_id AND added.told IS NOT TRUE
        ORDER BY day DESC LIMIT 1
    ) AS latest ON true
    WHERE stored.driver_id = added.driver_id
    RETURNING added.score_before, stored.risk_score
), moved AS (
    SELECT ceil(both_ways.risk_score)::smallint AS bucket, sum(sign)::int AS drivers,
        sum(sign * both_ways.risk_score) AS score_sum
    FROM after, LATERAL (VALUES (-1, after.score_before), (1, after.risk_score)) AS both_ways(sign, risk_score)
    WHERE both_ways.risk_score IS NOT NULL GROUP BY bucket
    HAVING sum(sign) <> 0 OR sum(sign * both_ways.risk_score) <> 0
), histogram AS (
    INSERT INTO risk_histogram AS stored (bucket, shard, drivers, score_sum)
    SELECT bucket, {_SHARD}, drivers, score_sum FROM moved ORDER BY bucket
    ON CONFLICT (bucket, shard) DO UPDATE SET drivers = stored.drivers + excluded.drivers,
        score_sum = stored.score_sum + excluded.score_sum
    RETURNING bucket
), days AS (
    INSERT INTO trip_day AS stored (day, shard, trips, score_sum, {", ".join(COUNTS)})
    SELECT day, {_SHARD}, trips, score_sum, {", ".join(COUNTS)}
    FROM (SELECT count(*) FROM histogram) AS done,
        unnest(cast(:day AS date[]), cast(:day_trips AS int[]), cast(:score_sum AS numeric[]),
               {", ".join(f"cast(:{name} AS int[])" for name in COUNTS)})
            AS added(day, trips, score_sum, {", ".join(COUNTS)})
    ORDER BY day
    ON CONFLICT (day, shard) DO UPDATE SET trips = stored.trips + excluded.trips,
        score_sum = stored.score_sum + excluded.score_sum,
        {", ".join(f"{name} = stored.{name} + excluded.{name}" for name in COUNTS)}
    RETURNING day
)
UPDATE fleet_totals SET trips = fleet_totals.trips + added.trips, events = fleet_totals.events + added.events,
    distance_m = fleet_totals.distance_m + added.distance_m
FROM (
    SELECT roadlens_free_shard() AS shard, trips, events, distance_m
    FROM (SELECT count(*) FROM days) AS done,
        (VALUES (cast(:trips AS int), cast(:events AS int), cast(:distance_m AS bigint)))
            AS added(trips, events, distance_m)
    WHERE trips <> 0 OR events <> 0 OR distance_m <> 0
) AS added
WHERE fleet_totals.shard = added.shard
"""

_DAY = ("day", "day_trips", "score_sum", *COUNTS)
_DRIVER = ("drivers", "driver_trips", "driver_distances", "driver_events", "newest", "scores", "levels", "scored_days")
_TOTALS = ("trips", "distance_m", "events")


class DriverDay(NamedTuple):
    """A driver's calendar day; its trips have ids from `first` to `last`."""

    driver_id: str
    day: date
    first: UUID
    last: UUID


async def lock_drivers(session: WriteSession, drivers: Iterable[str]) -> None:
    """Hold the drivers' summaries until the transaction ends."""
    await session.execute(_LOCK_DRIVERS, {"drivers": array(sorted(set(drivers)))})


async def put_driver_days(session: WriteSession, days: Sequence[DriverDay]) -> None:
    """Make these days what the stored trips say."""
    await session.execute(_PUT_DRIVER_DAYS, arrays(("drivers", "days", "firsts", "lasts"), sorted(days)))


async def add_driver_days(session: WriteSession, trips: Sequence[UUID]) -> None:
    """Add stored trips that are new to their days."""
    await session.execute(_ADD_DRIVER_DAYS, {"trips": array(trips)})


async def sum_up(
    session: WriteSession, gone: Sequence[TripRow], put: Sequence[TripRow], scored: Iterable[ScoredDay] = ()
) -> None:
    """Take the old trips out of summaries, histogram, days and totals, and add the new ones.

    The caller holds the drivers, and has stored trips and risk scores. Sums that do not change write nothing, but for
    the drivers' summaries.

    Args:
        session: the transaction that changed the trips.
        gone: trips that went, and the old form of those that changed.
        put: trips that came, and the new form of those that changed.
        scored: the scores that it has written, by day; a driver's own are looked up if they are not among them.
    """
    drivers = _added(gone, put, attrgetter("driver_id"), lambda trip: (1, trip.distance_m, trip.events))
    days = _added(gone, put, attrgetter("day"), _of_day)
    changed = sorted((day, *sums) for day, sums in days.items() if any(sums))
    totals = map(sum, zip(*drivers.values(), strict=True))
    newest = {trip.driver_id: trip.started_at for trip in sorted(put)}
    latest = {row.driver_id: (row.risk_score, row.risk_level, row.day) for row in scored}
    none = (None, None, None)
    held = [(each, *drivers[each], newest.get(each), *latest.get(each, none)) for each in sorted(drivers)]
    await session.execute(
        _SUM_UP,
        arrays(_DRIVER, held) | arrays(_DAY, changed) | dict(zip(_TOTALS, totals, strict=True)),
    )


def _added(
    gone: Sequence[TripRow], put: Sequence[TripRow], key: Callable[[TripRow], K], values: Callable[[TripRow], Sums]
) -> dict[K, list[Any]]:
    """The trips' values added up for each key; those of trips that are gone are taken away."""
    sums: dict[K, list[Any]] = {}
    for sign, trips in ((-1, gone), (1, put)):
        for trip in trips:
            added = values(trip)
            kept = sums.setdefault(key(trip), [0] * len(added))
            for place, value in enumerate(added):
                kept[place] += sign * value
    return sums


def _of_day(trip: TripRow) -> Sums:
    return (
        1,
        trip.trip_score,
        trip.harsh_braking,
        trip.rapid_acceleration,
        trip.harsh_cornering,
        trip.speeding,
        trip.phone_use,
    )
