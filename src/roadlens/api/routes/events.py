"""Safety events: the list and the inbox, one alone, and what is decided about them."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Response

from roadlens import freshness
from roadlens.api.dependencies import Reading, State
from roadlens.api.editing import EDITED, Editing, Matching, tag
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.parameters import After, From, Limit, OfDriver, Reviewed, To, id_span
from roadlens.api.schemas.events import Event, EventDetail, EventPage, EventPatch, EventsReview, Inbox, ReviewedEvents
from roadlens.api.security import may_view
from roadlens.domain import EventSource, EventType
from roadlens.errors import NotFound
from roadlens.storage.database import ReadSession
from roadlens.storage.reads import events, inbox
from roadlens.storage.reads.events import EventFilter
from roadlens.telemetry import reviews
from roadlens.telemetry.reviews import Decision, Outcome

router = APIRouter(prefix="/admin/events", tags=["events"], dependencies=[may_view], responses=problems(*GUARDED))
edits = APIRouter(prefix="/admin/events", tags=["events"])

# Below `/admin/events`, an id is `:uuid`: else what is done with one could be tried on the inbox, too.


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


@router.get("/inbox")
@freshness.events_inbox
async def count_events(session: Reading, *, driver_id: OfDriver = None) -> Inbox:
    """How many events are in which state of review, by type; of one driver, if one is named."""
    if driver_id is None:
        return Inbox.of(await inbox.counts(session))
    return Inbox.of(await inbox.counts_of_driver(session, driver_id))


@router.get("/{event_id:uuid}", responses=problems(HTTPStatus.NOT_FOUND))
async def get_event(event_id: UUID, session: Reading, response: Response) -> EventDetail:
    """One event with its trip, and what was decided about it."""
    answer = await _detail(session, event_id)
    tag(response, answer.version, answer)
    return answer


@edits.post("/review", responses=problems(*GUARDED, HTTPStatus.NOT_FOUND))
async def review_events(body: EventsReview, edit: Editing) -> ReviewedEvents:
    """Decide about up to 1,000 events at once, about all or none; what counts them follows in the same transaction."""
    decision = Decision(body.state, body.note, keep_note="note" not in body.given())
    outcomes = await reviews.review(edit.session, edit.actor, body.event_ids, decision)
    changed = sum(outcome.before != outcome.after for outcome in outcomes)
    return ReviewedEvents.model_validate({"changed": changed, "events": [_told(outcome) for outcome in outcomes]})


@edits.patch("/{event_id:uuid}", responses=EDITED)
async def patch_event(
    event_id: UUID, body: EventPatch, edit: Editing, expected: Matching, response: Response
) -> EventDetail:
    """Decide about an event (JSON merge patch). One that is dismissed stops counting, in all that counted it."""
    given = body.given()
    decision = Decision(given.get("state"), body.note, keep_note="note" not in given)
    await reviews.review(edit.session, edit.actor, [event_id], decision, expected)
    answer = await _detail(edit.session, event_id)
    tag(response, answer.version)
    return answer


async def _detail(session: ReadSession, event_id: UUID) -> EventDetail:
    found = await reviews.detail(session, event_id)
    if found is None:
        raise NotFound(f"There is no event {event_id}. /api/v1/admin/events lists them.")
    return EventDetail.of(*found)


def _told(outcome: Outcome) -> dict[str, object]:
    (state, note), (state_before, note_before) = outcome.said
    version = 0 if outcome.after is None else outcome.after.version
    before = {"state": state_before, "note": note_before}
    return {"event_id": outcome.event_id, "state": state, "note": note, "before": before, "version": version}
