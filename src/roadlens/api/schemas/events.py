"""Safety events in a list."""

from __future__ import annotations

import datetime
from uuid import UUID

from pydantic import Field

from roadlens.api.schemas.answer import Answer, Next, example
from roadlens.domain import EventSource, EventState, EventType


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


class EventPage(Answer):
    model_config = example(
        {
            "items": [
                {
                    "event_id": "019c2a50-1e20-8c00-b1d2-3a4b5c6d7e8f",
                    "trip_id": "019c2a4b-7c00-8a11-9d3e-5f0a1b2c3d4e",
                    "driver_id": "DRV-0001",
                    "event_type": "harsh_braking",
                    "source": "device",
                    "occurred_at": "2026-05-04T16:03:05Z",
                    "severity": 3.9,
                    "confidence": 0.95,
                    "state": "needs_review",
                }
            ],
            "next": None,
        }
    )

    items: list[Event]
    next: Next
