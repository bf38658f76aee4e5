"""Rows for tests of what reads them: a small fleet with known numbers, put in by SQL as the pipeline would leave it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text

from roadlens.domain import EVENT_TYPES, EventType, risk_level, time_ordered_id
from roadlens.storage import tables
from roadlens.storage.database import WriteSession


async def add_driver(session: WriteSession, number: int, **columns: Any) -> str:
    """A driver `DRV-0001` with a vehicle `VEH-0001`, a device `device-1` and its assignment."""
    driver_id, vehicle_id = f"DRV-{number:04d}", f"VEH-{number:04d}"
    person = {"driver_id": driver_id, "first_name": f"First{number}", "last_name": f"Last{number}"} | columns
    await session.execute(insert(tables.drivers).values(person))
    vehicle = {"vehicle_id": vehicle_id, "name": f"Van {number}", "make": "Ford", "model_year": 2023}
    await session.execute(insert(tables.vehicles).values(vehicle))
    device_id = await session.value(
        "INSERT INTO devices (unique_id) VALUES (:name) RETURNING device_id", {"name": f"device-{number}"}
    )
    assignment = {"device_id": device_id, "vehicle_id": vehicle_id, "driver_id": driver_id}
    await session.execute(insert(tables.device_assignments).values(assignment))
    return driver_id


async def add_score(
    session: WriteSession, driver_id: str, score: str | None, day: date, factors: list[dict[str, Any]] | None = None
) -> None:
    """A risk score that is the driver's latest, with its read models."""
    number = None if score is None else Decimal(score)
    level = None if number is None else risk_level(float(number)).value
    row = {"driver_id": driver_id, "day": day, "risk_score": number, "risk_level": level, "distance_m": 100_000}
    await session.execute(insert(tables.risk_scores).values(row | {"factors": factors or [], "score_version": 1}))
    await session.execute(
        "UPDATE driver_summary SET risk_score = :score, risk_level = :level, scored_day = :day WHERE driver_id = :id",
        {"score": number, "level": level, "day": day, "id": driver_id},
    )
    if number is not None:
        await session.execute(
            "INSERT INTO risk_histogram VALUES (:bucket, :shard, 1, :score) ON CONFLICT (bucket, shard) DO UPDATE "
            "SET drivers = risk_histogram.drivers + 1, score_sum = risk_histogram.score_sum + :score",
            {"bucket": ceil(number), "shard": hash(driver_id) % 16, "score": number},
        )


async def add_trip(
    session: WriteSession, number: int, started_at: datetime, *, score: str = "90", **counts: int
) -> UUID:
    """A trip of 10 km in 20 minutes by driver `number`, with its read models. `counts` are events by type."""
    driver_id, trip_id = f"DRV-{number:04d}", time_ordered_id(started_at, f"{number} {started_at}".encode())
    events = {kind.value: counts.get(kind.value, 0) for kind in EVENT_TYPES}
    ended_at = started_at + timedelta(minutes=20)
    device_id = await session.value(
        "SELECT device_id FROM devices WHERE unique_id = :name", {"name": f"device-{number}"}
    )
    day_sums: dict[str, Any] = {"day": started_at.date(), "trips": 1, "distance_m": 10_000, "duration_s": 1200}
    day_sums |= {"moving_s": 1000, "night_m": 0, "rush_hour_m": 5000, "weekend_m": 0, "speeding_m": 0}
    day_sums |= {"top_speed_kmh": 80.5} | events
    trip: dict[str, Any] = {"trip_id": trip_id, "device_id": device_id, "driver_id": driver_id}
    trip |= {"vehicle_id": f"VEH-{number:04d}", "started_at": started_at, "ended_at": ended_at}
    trip |= {"position_count": 0, "score_version": 1}
    trip |= {"start_latitude": 52.5, "start_longitude": 13.4, "end_latitude": 52.6, "end_longitude": 13.5}
    trip |= {key: value for key, value in day_sums.items() if key != "trips"} | {"trip_score": Decimal(score)}
    await session.execute(insert(tables.trips).values(trip))
    await _add_to_read_models(session, driver_id, trip, day_sums)
    return trip_id


async def add_event(
    session: WriteSession, trip_id: UUID, number: int, at: datetime, kind: EventType, **columns: Any
) -> UUID:
    """An event of a trip by driver `number`; read models are the trip's business."""
    event_id = time_ordered_id(at, f"{number} {kind}".encode())
    event = {"event_id": event_id, "trip_id": trip_id, "driver_id": f"DRV-{number:04d}", "event_type": kind.value}
    event |= {"source": "device", "occurred_at": at, "ended_at": at, "severity": 3.5, "confidence": 0.95}
    event |= {"latitude": 52.5, "longitude": 13.4, "speed_kmh": 50.0}
    await session.execute(insert(tables.safety_events).values(event | columns))
    return event_id


async def add_positions(session: WriteSession, device: str, begin: datetime, count: int) -> None:
    """Positions of a device, one every ten seconds."""
    month = begin.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (month + timedelta(days=32)).replace(day=1)
    await session.execute(
        f"CREATE TABLE IF NOT EXISTS positions_{month:%Y_%m} PARTITION OF positions "
        f"FOR VALUES FROM ('{month.isoformat()}') TO ('{following.isoformat()}')"
    )
    await session.execute(
        "INSERT INTO positions SELECT device_id, :begin + place * interval '10 seconds', place, 52.5 + place / 1e4, "
        "13.4, CASE WHEN place = 0 THEN 'NaN' ELSE 40.5 END, 90, 'NaN', 'NaN', 0, 0 "
        "FROM devices, generate_series(0, :count - 1) AS place WHERE unique_id = :device",
        {"begin": begin, "count": count, "device": device},
    )


async def _add_to_read_models(
    session: WriteSession, driver_id: str, trip: dict[str, Any], day_sums: dict[str, Any]
) -> None:
    counts = {kind.value: day_sums[kind.value] for kind in EVENT_TYPES}
    events = sum(counts.values())
    added = ", ".join(f"{name} = driver_day.{name} + excluded.{name}" for name in day_sums if name != "day")
    await session.execute(
        text(
            f"INSERT INTO driver_day (driver_id, {', '.join(day_sums)}) "
            f"VALUES (:driver_id, {', '.join(f':{name}' for name in day_sums)}) "
            f"ON CONFLICT (driver_id, day) DO UPDATE SET {added}"
        ),
        {"driver_id": driver_id, **day_sums},
    )
    await session.execute(
        f"INSERT INTO trip_day (day, shard, trips, score_sum, {', '.join(counts)}) "
        f"VALUES (:day, :shard, 1, :score, {', '.join(f':{name}' for name in counts)}) "
        f"ON CONFLICT (day, shard) DO UPDATE SET trips = trip_day.trips + 1, "
        f"score_sum = trip_day.score_sum + :score, "
        + ", ".join(f"{name} = trip_day.{name} + :{name}" for name in counts),
        {"day": trip["day"], "shard": hash(driver_id) % 16, "score": trip["trip_score"], **counts},
    )
    await session.execute(
        "UPDATE fleet_totals SET trips = trips + 1, events = events + :events, distance_m = distance_m + :metres "
        "WHERE shard = :shard",
        {"events": events, "metres": trip["distance_m"], "shard": hash(driver_id) % 16},
    )
    await session.execute(
        "UPDATE driver_summary SET trips = trips + 1, distance_m = distance_m + :metres, events = events + :events, "
        "last_trip_at = greatest(last_trip_at, :ended) WHERE driver_id = :driver_id",
        {"metres": trip["distance_m"], "events": events, "ended": trip["ended_at"], "driver_id": driver_id},
    )
