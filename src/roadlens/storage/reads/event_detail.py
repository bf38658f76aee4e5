"""One safety event with its trip, whose it is, and what was decided about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from roadlens.storage.database import ReadSession
from roadlens.storage.trip_rows import EventRow

_DETAIL = f"""
SELECT {", ".join(f"event.{name}" for name in EventRow._fields)}, trip.device_id, trip.vehicle_id, vehicle.name,
    concat_ws(' ', nullif(first_name, ''), nullif(last_name, '')), trip.started_at, trip.ended_at, distance_m,
    trip_score
FROM safety_events AS event JOIN trips AS trip USING (trip_id) JOIN vehicles AS vehicle USING (vehicle_id)
JOIN drivers ON drivers.driver_id = event.driver_id
WHERE event_id = :event_id
"""

# The log knows what was said before, as long as nobody was erased.
_REVIEW = """
SELECT state, note, username AS reviewed_by, reviewed_at, review.version, (
    SELECT json_agg(said) FROM (
        SELECT at, actor AS by, after ->> 'state' AS state, after ->> 'note' AS note FROM audit_log
        WHERE entity = 'review' AND entity_id = cast(review_id AS text) AND after IS NOT NULL
        ORDER BY audit_id DESC LIMIT :most
    ) AS said) AS history
FROM event_reviews AS review LEFT JOIN users ON user_id = reviewed_by WHERE review_id = :review_id
"""

MOST_SAID = 20


@dataclass(frozen=True, slots=True)
class EventFound:
    """An event, its device, and what of its trip and its people is shown beside it. Distance in metres."""

    event: EventRow
    device_id: int
    vehicle_id: str
    vehicle_name: str
    driver_name: str
    started_at: datetime
    ended_at: datetime
    distance_m: int
    trip_score: Decimal


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of the event at a time."""

    at: datetime
    by: str
    state: str
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFound:
    """`reviewed_by` is None for who is no user, or no longer; `history` has the newest first, at most `MOST_SAID`."""

    state: str
    note: str | None
    reviewed_by: str | None
    reviewed_at: datetime
    version: int
    history: list[Said]


async def event(session: ReadSession, event_id: UUID) -> EventFound | None:
    """The event; None if there is none."""
    columns = len(EventRow._fields)
    found = await session.tuples(_DETAIL, {"event_id": event_id})
    return EventFound(EventRow(*found[0][:columns]), *found[0][columns:]) if found else None


async def review(session: ReadSession, review_id: int) -> ReviewFound | None:
    """What was decided, by whom, when, and what before; None if that is no longer there."""

    def row(history: Any, **columns: Any) -> ReviewFound:
        return ReviewFound(history=msgspec.convert(history or [], list[Said]), **columns)

    return await session.row(_REVIEW, row, {"review_id": review_id, "most": MOST_SAID})
