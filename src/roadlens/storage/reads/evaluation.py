"""What events are compared with labels: which devices drove in a time, the trips around it, and the events of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from roadlens.storage.arrays import array
from roadlens.storage.database import ReadSession

_DRIVEN = """
SELECT DISTINCT unique_id FROM trips JOIN devices USING (device_id)
WHERE ended_at >= :first AND started_at <= :last ORDER BY unique_id LIMIT :limit
"""

# A trip that holds the first label begins before it: the time that labels cover begins with the trip.
_COVERED = """
SELECT wanted.unique_id, devices.device_id, count(trip_id) AS trips,
    least(first, min(started_at)) AS first, greatest(last, max(ended_at)) AS last
FROM unnest(cast(:unique_ids AS text[]), cast(:firsts AS timestamptz[]), cast(:lasts AS timestamptz[]))
    AS wanted(unique_id, first, last)
LEFT JOIN devices ON devices.unique_id = wanted.unique_id
LEFT JOIN trips ON trips.device_id = devices.device_id AND ended_at >= first AND started_at <= last
GROUP BY wanted.unique_id, devices.device_id, first, last ORDER BY wanted.unique_id
"""

_EVENTS = """
SELECT unique_id, event_type, source, occurred_at, severity, event_id, trip_id
FROM unnest(cast(:unique_ids AS text[]), cast(:firsts AS timestamptz[]), cast(:lasts AS timestamptz[]))
    AS covered(unique_id, first, last)
JOIN devices USING (unique_id)
JOIN trips ON trips.device_id = devices.device_id AND ended_at >= first AND started_at <= last
JOIN safety_events USING (trip_id)
WHERE occurred_at BETWEEN first AND last AND event_type = ANY(:types) AND source = ANY(:sources)
ORDER BY unique_id, occurred_at, event_id
"""


class Span(NamedTuple):
    """A device and a time, its ends included."""

    unique_id: str
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Covered:
    """From the first trip of the span asked for to the last; `device_id` is None if nobody knows the device."""

    unique_id: str
    device_id: int | None
    trips: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class FoundEvent:
    """An event, whatever has been decided about it since."""

    unique_id: str
    event_type: str
    source: str
    occurred_at: datetime
    severity: float | None
    event_id: UUID
    trip_id: UUID


async def driven(session: ReadSession, first: datetime, last: datetime, limit: int) -> list[str]:
    """Unique ids of devices with a trip in this time."""
    params = {"first": first, "last": last, "limit": limit}
    return [unique_id for (unique_id,) in await session.tuples(_DRIVEN, params)]


async def covered(session: ReadSession, spans: Sequence[Span]) -> list[Covered]:
    """For each device the trips that reach into its span, and from when to when they or the span last."""
    return await session.rows(_COVERED, Covered, _arrays(spans))


async def events(
    session: ReadSession, spans: Sequence[Span], types: Sequence[str], sources: Sequence[str]
) -> list[FoundEvent]:
    """The devices' events of these types and sources within their spans, by device and time."""
    return await session.rows(_EVENTS, FoundEvent, {"types": list(types), "sources": list(sources), **_arrays(spans)})


def _arrays(spans: Sequence[Span]) -> dict[str, str]:
    unique_ids, firsts, lasts = zip(*spans, strict=True)
    return {"unique_ids": array(unique_ids), "firsts": array(firsts), "lasts": array(lasts)}
