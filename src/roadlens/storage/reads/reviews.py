"""Reviews of manoeuvres, and the events that they may hold for: what is near in time, of one device and one type.

Which of them does hold is arithmetic (`telemetry.reviewed`); this only finds what need be looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from roadlens.storage.arrays import array, arrays
from roadlens.storage.database import ReadSession
from roadlens.storage.trip_rows import EventRow, TripRow

_EVENT: Final = ", ".join(f"event.{name}" for name in EventRow._fields)
_SPANS: Final = """unnest(cast(:device_id AS int[]), cast(:event_type AS text[]), cast(:first AS timestamptz[]),
    cast(:last AS timestamptz[])) AS span(device_id, event_type, first, last)"""

_DEVICES = """
SELECT DISTINCT device_id FROM safety_events JOIN trips USING (trip_id) WHERE event_id = ANY(cast(:events AS uuid[]))
ORDER BY device_id
"""

_EVENTS = f"""
SELECT device_id, {_EVENT} FROM safety_events AS event JOIN trips USING (trip_id)
WHERE event_id = ANY(cast(:events AS uuid[])) ORDER BY event_id
"""

# Trips of one device follow each other: of those that began before a span, the last alone can reach into it.
_EVENTS_NEAR = f"""
SELECT device_id, {_EVENT} FROM safety_events AS event JOIN trips USING (trip_id)
WHERE event_id IN (
    SELECT found.event_id FROM {_SPANS}
    CROSS JOIN LATERAL (
        (SELECT trip_id FROM trips WHERE trips.device_id = span.device_id AND started_at < span.first
        ORDER BY started_at DESC LIMIT 1)
        UNION ALL
        SELECT trip_id FROM trips WHERE trips.device_id = span.device_id AND started_at BETWEEN span.first AND span.last
    ) AS trip
    JOIN safety_events AS found USING (trip_id)
    WHERE found.event_type = span.event_type AND found.occurred_at <= span.last AND found.ended_at >= span.first
)
"""

_REVIEW: Final = "review_id, device_id, driver_id, event_type, began_at, ended_at, state, note, version"
_REVIEWS_NEAR = f"""
SELECT {_REVIEW} FROM event_reviews WHERE review_id IN (
    SELECT near.review_id FROM {_SPANS} JOIN event_reviews AS near ON near.device_id = span.device_id
        AND near.event_type = span.event_type AND near.began_at <= span.last AND near.ended_at >= span.first
)
ORDER BY reviewed_at, review_id
"""
_AFTER = f"SELECT {_REVIEW} FROM event_reviews WHERE review_id > :after ORDER BY review_id LIMIT :limit"

_DECIDED = f"""
SELECT device_id, {_EVENT} FROM safety_events AS event JOIN trips USING (trip_id)
WHERE state <> 'needs_review' AND event_id > :after ORDER BY event_id LIMIT :limit
"""


class Review(NamedTuple):
    """What holds for a device's manoeuvres of this type between two moments. Lists of them are oldest review first."""

    event_type: str
    began_at: datetime
    ended_at: datetime
    state: str


class ReviewRow(NamedTuple):
    """One row of `event_reviews` without who and when."""

    review_id: int
    device_id: int
    driver_id: str
    event_type: str
    began_at: datetime
    ended_at: datetime
    state: str
    note: str | None
    version: int


class DeviceEvent(NamedTuple):
    """An event with the device whose it is."""

    device_id: int
    event: EventRow


class Span(NamedTuple):
    """What a device did of a type from `first` to `last`, both included."""

    device_id: int
    event_type: str
    first: datetime
    last: datetime


async def devices(session: ReadSession, events: Sequence[UUID]) -> list[int]:
    """The devices of these events, by id."""
    return [device_id for (device_id,) in await session.tuples(_DEVICES, {"events": array(events)})]


async def events(session: ReadSession, ids: Sequence[UUID]) -> list[DeviceEvent]:
    """Those of the events that there are, by id."""
    return [_event(row) for row in await session.tuples(_EVENTS, {"events": array(ids)})]


async def events_near(session: ReadSession, spans: Sequence[Span]) -> list[DeviceEvent]:
    """Every event that touches one of the spans, of its device and its type."""
    return [_event(row) for row in await session.tuples(_EVENTS_NEAR, arrays(Span._fields, spans))]


async def near(session: ReadSession, spans: Sequence[Span]) -> list[ReviewRow]:
    """Every review that touches one of the spans, of its device and its type; the oldest first."""
    return await session.rows(_REVIEWS_NEAR, ReviewRow, arrays(Span._fields, spans))


async def trips(session: ReadSession, ids: Iterable[UUID]) -> list[TripRow]:
    """These trips."""
    statement = f"SELECT {', '.join(TripRow._fields)} FROM trips WHERE trip_id = ANY(cast(:trips AS uuid[]))"
    return [TripRow(*row) for row in await session.tuples(statement, {"trips": array(sorted(ids))})]


async def after(session: ReadSession, review_id: int, limit: int) -> list[ReviewRow]:
    """Reviews by id, from the one after."""
    return await session.rows(_AFTER, ReviewRow, {"after": review_id, "limit": limit})


async def decided(session: ReadSession, event_id: UUID, limit: int) -> list[DeviceEvent]:
    """Events in another state than the first one, by id, from the one after."""
    return [_event(row) for row in await session.tuples(_DECIDED, {"after": event_id, "limit": limit})]


def _event(row: tuple[Any, ...]) -> DeviceEvent:
    return DeviceEvent(row[0], EventRow(*row[1:]))
