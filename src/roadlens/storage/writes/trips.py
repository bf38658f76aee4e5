"""Replaces what changed of a window's trips and events, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from roadlens.storage.arrays import arrays
from roadlens.storage.database import WriteSession
from roadlens.storage.trip_rows import EventRow, TripRow

_TRIP_TYPES = {
    "trip_id": "uuid",
    "device_id": "int",
    "driver_id": "text",
    "vehicle_id": "text",
    "started_at": "timestamptz",
    "ended_at": "timestamptz",
    "day": "date",
    "top_speed_kmh": "float8",
    "start_latitude": "float8",
    "start_longitude": "float8",
    "end_latitude": "float8",
    "end_longitude": "float8",
    "trip_score": "numeric",
}
_EVENT_TYPES = {
    "event_id": "uuid",
    "trip_id": "uuid",
    "occurred_at": "timestamptz",
    "ended_at": "timestamptz",
    "severity": "float8",
    "confidence": "float8",
    "latitude": "float8",
    "longitude": "float8",
    "speed_kmh": "float8",
    **dict.fromkeys(("speeding_m", "speeding_s"), "int"),
}


def _upsert(table: str, columns: Sequence[str], types: dict[str, str], otherwise: str) -> str:
    arrays = ", ".join(f"cast(:{name} AS {types.get(name, otherwise)}[])" for name in columns)
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({arrays}) "
        f"ON CONFLICT ({columns[0]}) DO UPDATE SET {updates}"
    )


_PUT_TRIPS = _upsert("trips", TripRow._fields, _TRIP_TYPES, "int")
_PUT_EVENTS = _upsert("safety_events", EventRow._fields, _EVENT_TYPES, "text")


class Changes(NamedTuple):
    """What a new cut changes: whole trips that went, came, or look different, and the same of events."""

    gone: list[TripRow]
    put: list[TripRow]
    gone_events: list[EventRow]
    put_events: list[EventRow]

    def __bool__(self) -> bool:
        return any(self)


def compare(
    stored: Iterable[TripRow],
    cut: Collection[TripRow],
    stored_events: Iterable[EventRow],
    cut_events: Collection[EventRow],
) -> Changes:
    """What must change so that the stored rows are those of the new cut. `gone` has a changed trip's old form."""
    before, before_events = set(stored), set(stored_events)
    after, after_events = set(cut), set(cut_events)
    return Changes(
        gone=sorted(before - after),
        put=sorted(after - before),
        gone_events=sorted(before_events - after_events),
        put_events=sorted(after_events - before_events),
    )


async def apply(session: WriteSession, changes: Changes) -> None:
    """Write the changes. What stays is updated, never made anew."""
    kept = {trip.trip_id for trip in changes.put}
    kept_events = {event.event_id for event in changes.put_events}
    dead_events = [event.event_id for event in changes.gone_events if event.event_id not in kept_events]
    dead = [trip.trip_id for trip in changes.gone if trip.trip_id not in kept]
    if dead_events:
        await session.execute("DELETE FROM safety_events WHERE event_id = ANY(:ids)", {"ids": dead_events})
    if dead:
        await session.execute("DELETE FROM trips WHERE trip_id = ANY(:ids)", {"ids": dead})
    if changes.put:
        await session.execute(_PUT_TRIPS, arrays(TripRow._fields, changes.put))
    if changes.put_events:
        await session.execute(_PUT_EVENTS, arrays(EventRow._fields, changes.put_events))


async def remove_of_driver(session: WriteSession, driver_id: str) -> None:
    """Delete a driver's events and trips, and the days that are sums of them."""
    for table in ("safety_events", "driver_day", "trips"):
        await session.execute(f"DELETE FROM {table} WHERE driver_id = :driver_id", {"driver_id": driver_id})
