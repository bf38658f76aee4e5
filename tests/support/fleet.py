"""A small fleet for tests: devices with their people, fixes built by hand, their delivery, and all rows that follow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from roadlens.domain import unix_microseconds
from roadlens.scoring.parameters import DEFAULT, Parameters
from roadlens.storage.binary import POSITION, Positions
from roadlens.storage.database import Database
from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry.batch import Batch, Fix
from roadlens.telemetry.delivery import Ingest, Outcome

NOON = datetime(2024, 3, 6, 12, tzinfo=UTC)  # a Wednesday: neither weekend nor rush hour
# Writers at once: who waits for a place in the pool is sent away after ten seconds, and a busy machine may take longer.
AT_ONCE = 16
DEGREE_M = 111_195.08  # one degree of latitude on a sphere of Roadlens's radius

# What telemetry writes, in an order that foreign keys allow; devices, people and assignments stay.
_FORGET = """
WITH e AS (DELETE FROM safety_events), t AS (DELETE FROM trips), p AS (DELETE FROM positions),
    r AS (DELETE FROM risk_scores), d AS (DELETE FROM driver_day), y AS (DELETE FROM trip_day),
    h AS (DELETE FROM risk_histogram),
    f AS (UPDATE fleet_totals SET trips = 0, events = 0, distance_m = 0),
    s AS (UPDATE driver_summary SET risk_score = NULL, risk_level = NULL, scored_day = NULL, trips = 0, distance_m = 0,
          events = 0, last_trip_at = NULL)
UPDATE device_progress SET last_fix_at = NULL, settled_at = NULL, positions = 0
"""

_COUNTS = "harsh_braking, rapid_acceleration, harsh_cornering, speeding, phone_use"
_COUNT_SUMS = ", ".join(f"sum({name}) AS {name}" for name in _COUNTS.split(", "))
_ROWS = {
    "trips": "SELECT * FROM trips ORDER BY trip_id",
    "safety_events": "SELECT * FROM safety_events ORDER BY event_id",
    "driver_day": "SELECT * FROM driver_day ORDER BY driver_id, day",
    "driver_summary": "SELECT * FROM driver_summary ORDER BY driver_id",
    "risk_scores": "SELECT * FROM risk_scores ORDER BY driver_id, day",
    "trip_day": f"""SELECT day, sum(trips) AS trips, sum(score_sum) AS score_sum, {_COUNT_SUMS} FROM trip_day
        GROUP BY day HAVING sum(trips) <> 0 ORDER BY day""",
    "fleet_totals": """SELECT sum(drivers) AS drivers, sum(vehicles) AS vehicles, sum(devices) AS devices,
        sum(trips) AS trips, sum(events) AS events, sum(distance_m) AS distance_m FROM fleet_totals""",
    "risk_histogram": """SELECT bucket, sum(drivers) AS drivers, sum(score_sum) AS score_sum FROM risk_histogram
        GROUP BY bucket HAVING sum(drivers) <> 0 OR sum(score_sum) <> 0 ORDER BY bucket""",
    "device_progress": "SELECT device_id, last_fix_at, positions FROM device_progress ORDER BY device_id",
}
_ALL_ROWS = "SELECT " + ", ".join(
    f"(SELECT coalesce(jsonb_agg(to_jsonb(row)), '[]') FROM ({statement}) AS row) AS {name}"
    for name, statement in _ROWS.items()
)

Rows = Mapping[str, list[dict[str, Any]]]


def fix(seconds: float, speed_kmh: float = 0.0, **other: Any) -> Fix:
    """A fix some seconds after noon; what is not given is unknown, or zero."""
    fields: dict[str, Any] = {
        "fix_time": unix_microseconds(NOON) + round(seconds * 1e6),
        "digest": 0,
        "latitude": 41.0,
        "longitude": -96.0,
        "speed_kmh": speed_kmh,
        "course": float("nan"),
        "hdop": float("nan"),
        "speed_limit_kmh": float("nan"),
        "flags": 0,
        "alarms": 0,
    }
    return Fix(**fields | other)


def northwards(samples: Iterable[tuple[float, float]], **other: Any) -> list[Fix]:
    """Fixes at (seconds, km/h), each as far north of the one before as its mean speed takes it."""
    fixes: list[Fix] = []
    latitude, before = 41.0, None
    for seconds, speed in samples:
        if before is not None:
            latitude += (seconds - before[0]) * (speed + before[1]) / 2 / 3.6 / DEGREE_M
        fixes.append(fix(seconds, speed, **{"latitude": latitude, "course": 0.0} | other))
        before = (seconds, speed)
    return fixes


def drive(start: float, seconds: int, speed_kmh: float = 36.0, every: int = 10, **other: Any) -> list[Fix]:
    """Stand, drive at one speed for so long, stand again."""
    moving = [(start + second, speed_kmh) for second in range(every, seconds + 1, every)]
    return northwards([(start, 0.0), *moving, (start + seconds + every, 0.0)], **other)


def array(fixes: Sequence[Fix], device_id: int = 0) -> Positions:
    """Fixes as an array of dtype `POSITION`."""
    return np.array([(device_id, *each) for each in fixes], dtype=POSITION)


def batch(fixes: Iterable[tuple[str, Fix]]) -> Batch:
    """A batch of fixes, each with its device's unique id."""
    made = Batch()
    for line, (unique_id, each) in enumerate(fixes, 1):
        made.add(DeviceClaim(unique_id), each, line)
    return made


def batch_of(unique_id: str, fixes: Iterable[Fix]) -> Batch:
    return batch((unique_id, each) for each in fixes)


async def open_ingest(database: Database, parameters: Parameters = DEFAULT) -> Ingest:
    """An ingest by these parameters: they become the database's version 1."""
    async with database.write() as session:
        await session.execute(
            "UPDATE score_versions SET parameters = cast(:it AS jsonb)", {"it": json.dumps(parameters.as_dict())}
        )
    return await Ingest.open(database)


async def make_people(database: Database, drivers: Sequence[str], vehicles: Sequence[str] = ("VEH-1",)) -> None:
    async with database.write() as session:
        await session.execute(
            "INSERT INTO drivers (driver_id, first_name, last_name) "
            "SELECT name, 'A', 'B' FROM unnest(cast(:names AS text[])) AS name",
            {"names": list(drivers)},
        )
        await session.execute(
            "INSERT INTO vehicles (vehicle_id, name) SELECT name, name FROM unnest(cast(:names AS text[])) AS name",
            {"names": list(vehicles)},
        )


async def make_devices(database: Database, unique_ids: Sequence[str]) -> None:
    """Devices that have not reported yet."""
    async with database.write() as session:
        await session.execute(
            "INSERT INTO devices (unique_id) SELECT name FROM unnest(cast(:names AS text[])) AS name ORDER BY name",
            {"names": list(unique_ids)},
        )
        await session.execute(
            "INSERT INTO device_progress (device_id) SELECT device_id FROM devices ON CONFLICT DO NOTHING"
        )


async def deliver(ingest: Ingest, unique_id: str, fixes: Iterable[Fix], *, register: bool = True) -> Outcome:
    return await ingest.deliver(batch_of(unique_id, fixes), register=register)


async def rows(database: Database) -> Rows:
    """Every row that telemetry writes, and the sums of the counters."""
    async with database.read() as session:
        found = await session.tuples(_ALL_ROWS)
    return dict(zip(_ROWS, found[0], strict=True))


async def forget(database: Database) -> None:
    """Delete what telemetry wrote; devices, people and assignments stay."""
    async with database.write() as session:
        await session.execute(_FORGET)
