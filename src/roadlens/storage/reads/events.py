"""Safety events: the keyset list, newest first, with its filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from roadlens.domain import EventSource, EventState, EventType
from roadlens.storage.database import ReadSession
from roadlens.storage.reads.id_spans import IdSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Each that is not None must be met."""

    driver_id: str | None = None
    source: EventSource | None = None
    event_type: EventType | None = None
    state: EventState | None = None

    def params(self) -> dict[str, str]:
        wanted = {
            "driver_id": self.driver_id,
            "source": self.source,
            "event_type": self.event_type,
            "state": self.state,
        }
        return {name: str(value) for name, value in wanted.items() if value is not None}


@dataclass(frozen=True, slots=True)
class EventListed:
    """Severity in m/s², or for speeding in km/h over the limit; None where nobody measured it."""

    event_id: UUID
    trip_id: UUID
    driver_id: str
    event_type: str
    source: str
    occurred_at: datetime
    severity: float | None
    confidence: float
    state: str


async def page(session: ReadSession, *, wanted: EventFilter, span: IdSpan, limit: int) -> list[EventListed]:
    """Events, newest first."""
    conditions = [f"{name} = :{name}" for name in wanted.params()] + span.conditions("event_id")
    statement = f"""
SELECT event_id, trip_id, driver_id, event_type, source, occurred_at, nullif(severity, 'NaN') AS severity, confidence,
    state
FROM safety_events WHERE {" AND ".join(conditions) if conditions else "true"} ORDER BY event_id DESC LIMIT :limit
"""
    return await session.rows(statement, EventListed, {"limit": limit, **wanted.params(), **span.params()})
