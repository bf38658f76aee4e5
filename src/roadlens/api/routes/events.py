"""Safety events of the whole fleet."""

from __future__ import annotations

from fastapi import APIRouter

from roadlens import freshness
from roadlens.api.dependencies import Reading, State
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.parameters import After, From, Limit, OfDriver, Reviewed, To, id_span
from roadlens.api.schemas.events import Event, EventPage
from roadlens.api.security import may_view
from roadlens.domain import EventSource, EventType
from roadlens.storage.reads import events
from roadlens.storage.reads.events import EventFilter

router = APIRouter(prefix="/admin/events", tags=["events"], dependencies=[may_view], responses=problems(*GUARDED))


@router.get("")
@freshness.events_list
async def list_events(
    session: Reading,
    state: State,
    *,
    driver_id: OfDriver = None,
    event_type: EventType | None = None,
    source: EventSource | None = None,
    review: Reviewed = None,
    begin: From = None,
    end: To = None,
    limit: Limit = 100,
    after: After = None,
) -> EventPage:
    """Events, newest first."""
    scope = ("events", driver_id, event_type, source, review, begin, end)
    position = None if after is None else state.cursors.open(scope, after)
    found = await events.page(
        session,
        wanted=EventFilter(driver_id=driver_id, event_type=event_type, source=source, state=review),
        span=id_span(begin, end, position),
        limit=limit + 1,
    )
    page, following = state.cursors.cut(scope, found, limit, lambda event: [str(event.event_id)])
    return EventPage(items=[Event.model_validate(event) for event in page], next=following)
