"""Compares the states of events with the reviews that they follow from."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from roadlens.storage.database import ReadSession
from roadlens.storage.reads import reviews as read
from roadlens.storage.reads.read_models import Difference
from roadlens.storage.reads.reviews import DeviceEvent, ReviewRow
from roadlens.telemetry.reviewed import Margins, Reviews, around

_AT_ONCE = 1000


async def differences(session: ReadSession, margins: Margins) -> list[Difference]:
    """Every event in another state than its reviews say: those near a review, and those that are in any other state
    than the first."""
    found: dict[UUID, Difference] = {}
    last_review = 0
    while some := await read.after(session, last_review, _AT_ONCE):
        last_review = some[-1].review_id
        spans = [around(margins, review.device_id, review) for review in some]
        found |= await _of(session, margins, await read.events_near(session, spans))
    last_event = UUID(int=0)
    while decided := await read.decided(session, last_event, _AT_ONCE):
        last_event = decided[-1].event.event_id
        found |= await _of(session, margins, decided)
    return list(found.values())


async def _of(session: ReadSession, margins: Margins, events: Iterable[DeviceEvent]) -> dict[UUID, Difference]:
    events = list(events)
    reviews: dict[int, list[ReviewRow]] = {}
    for review in await read.near(session, [around(margins, device_id, event) for device_id, event in events]):
        reviews.setdefault(review.device_id, []).append(review)
    by_device = {device_id: Reviews(margins, held) for device_id, held in reviews.items()}
    nothing: Reviews[ReviewRow] = Reviews(margins, ())
    told = {}
    for device_id, event in events:
        state = by_device.get(device_id, nothing).with_state(event).state
        if state != event.state:
            told[event.event_id] = Difference(
                "safety_events", str(event.event_id), {"state": state}, {"state": event.state}
            )
    return told
