"""Safety events in a list and alone, and what is decided about them."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from roadlens.api import fields
from roadlens.api.schemas.above_limit import AboveLimitKm, AboveLimitS, kilometres_if_known
from roadlens.api.schemas.answer import Answer, Next, Score, Version, example, kilometres
from roadlens.api.schemas.edits import Body, absent
from roadlens.domain import EventSource, EventState, EventType
from roadlens.storage.reads.event_detail import EventFound, ReviewFound

_EVENT: dict[str, Any] = {
    "event_id": "019c2a50-1e20-8c00-b1d2-3a4b5c6d7e8f",
    "trip_id": "019c2a4b-7c00-8a11-9d3e-5f0a1b2c3d4e",
    "driver_id": "DRV-0001",
    "event_type": "harsh_braking",
    "source": "device",
    "occurred_at": "2026-05-04T16:03:05Z",
    "severity": 3.9,
    "confidence": 0.95,
    "state": "needs_review",
    "driver_name": "Ada Okafor",
}


class Event(Answer):
    event_id: UUID
    trip_id: UUID
    driver_id: str
    event_type: EventType
    source: EventSource = Field(description="The device's own alarm, or derived from its positions.")
    occurred_at: datetime.datetime
    severity: float | None = Field(description="m/s²; for speeding, km/h over the limit; null if not measured.")
    confidence: float = Field(description="0-1.")
    state: EventState
    driver_name: str


class EventPage(Answer):
    model_config = example({"items": [_EVENT], "next": None})

    items: list[Event]
    next: Next


class StateCount(Answer):
    state: EventState
    count: int
    types: dict[EventType, int]


class Inbox(Answer):
    model_config = example(
        {
            "total": 412,
            "states": [
                {"state": "needs_review", "count": 409, "types": dict.fromkeys(EventType, 0) | {"harsh_braking": 409}},
                {"state": "coached", "count": 1, "types": dict.fromkeys(EventType, 0) | {"phone_use": 1}},
                {"state": "dismissed", "count": 2, "types": dict.fromkeys(EventType, 0) | {"speeding": 2}},
                {"state": "recognised", "count": 0, "types": dict.fromkeys(EventType, 0)},
            ],
        }
    )

    total: int
    states: list[StateCount] = Field(description="Every state, in the order in which they are worked off.")

    @classmethod
    def of(cls, counts: Counter[tuple[EventState, EventType]]) -> Self:
        states = []
        for state in EventState:
            types = {kind: counts[state, kind] for kind in EventType}
            states.append(StateCount(state=state, count=sum(types.values()), types=types))
        return cls(total=counts.total(), states=states)


class Said(Answer):
    at: datetime.datetime
    by: str
    state: EventState
    note: str | None


class Review(Answer):
    note: str | None
    reviewed_by: str | None = Field(description="The user's name; null for a command, or a user who has gone.")
    reviewed_at: datetime.datetime
    history: list[Said] = Field(description="What was decided when, the newest first; at most 20.")


class TripOfEvent(Answer):
    started_at: datetime.datetime
    ended_at: datetime.datetime
    distance_km: float
    trip_score: Score


class EventDetail(Event):
    model_config = example(
        {
            **_EVENT,
            "state": "dismissed",
            "ended_at": "2026-05-04T16:03:05Z",
            "latitude": 37.80102,
            "longitude": -122.2698,
            "speed_kmh": 42.0,
            "speeding_km": None,
            "speeding_s": None,
            "vehicle_id": "VEH-0001",
            "vehicle_name": "Van 1",
            "trip": {
                "started_at": "2026-05-04T15:58:02Z",
                "ended_at": "2026-05-04T16:20:11Z",
                "distance_km": 14.212,
                "trip_score": 94.37,
            },
            "review": {
                "note": "A child ran onto the road.",
                "reviewed_by": "admin",
                "reviewed_at": "2026-05-05T08:11:00Z",
                "history": [
                    {"at": "2026-05-05T08:11:00Z", "by": "admin", "state": "dismissed",
                     "note": "A child ran onto the road."},
                ],
            },
            "version": 1,
        }
    )  # fmt: skip

    ended_at: datetime.datetime
    latitude: float
    longitude: float
    speed_kmh: float | None
    speeding_km: AboveLimitKm
    speeding_s: AboveLimitS
    vehicle_id: str
    vehicle_name: str
    trip: TripOfEvent
    review: Review | None = Field(description="Null as long as nobody has decided anything.")
    version: Version = Field(description="Of the review; 0 without one.")

    @classmethod
    def of(cls, found: EventFound, review: ReviewFound | None) -> Self:
        event = {name: None if value != value else value for name, value in found.event._asdict().items()}
        return cls.model_validate(
            {
                **event,
                "speeding_km": kilometres_if_known(found.event.speeding_m),
                "driver_name": found.driver_name,
                "vehicle_id": found.vehicle_id,
                "vehicle_name": found.vehicle_name,
                "trip": {
                    "started_at": found.started_at,
                    "ended_at": found.ended_at,
                    "distance_km": kilometres(found.distance_m),
                    "trip_score": found.trip_score,
                },
                "review": review,
                "version": 0 if review is None else review.version,
            }
        )


_NOTE = "Why; for colleagues, and for the driver, who may ask for it. null takes it away, left out it stays."


class EventPatch(Body):
    """JSON merge patch (RFC 7396): what is left out stays."""

    model_config = example({"state": "dismissed", "note": "A child ran onto the road."})

    state: EventState = absent()
    note: fields.Remark | None = Field(default=None, description=_NOTE)


class EventsReview(Body):
    model_config = example({"event_ids": [_EVENT["event_id"]], "state": "coached"})

    event_ids: list[UUID] = Field(min_length=1, max_length=1000)
    state: EventState
    note: fields.Remark | None = Field(default=None, description=_NOTE)


class Decided(Answer):
    state: EventState
    note: str | None


class ReviewedEvent(Decided):
    event_id: UUID
    before: Decided = Field(description="What undoes it, when it is sent.")
    version: int


class ReviewedEvents(Answer):
    model_config = example(
        {
            "changed": 1,
            "events": [
                {
                    "state": "coached",
                    "note": None,
                    "event_id": _EVENT["event_id"],
                    "before": {"state": "needs_review", "note": None},
                    "version": 1,
                }
            ],
        }
    )

    changed: int = Field(description="How many are in another state, or have another note, than before.")
    events: list[ReviewedEvent] = Field(description="By id.")
