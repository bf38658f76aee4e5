"""Reviews safety events: what an administrator decides about a manoeuvre, and all that follows from it, at once.

In one transaction change the review, the events it holds for, their trips, drivers' days and scores, and the read
models. No position is read: a trip's counts and its score follow from its row. Locks are taken in the order in which
deliveries take them (devices by id, then drivers' summaries by id), so no delivery in flight can undo it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from roadlens.domain import EventState
from roadlens.errors import NotFound, PreconditionFailed
from roadlens.storage.database import WriteSession
from roadlens.storage.reads import reviews as read
from roadlens.storage.reads.reviews import DeviceEvent, ReviewRow
from roadlens.storage.trip_rows import EventRow, TripRow
from roadlens.storage.writes import devices, reviews
from roadlens.storage.writes.audit import Who
from roadlens.storage.writes.edits import Expected
from roadlens.storage.writes.reviews import Changed, Decision, Entry, Made
from roadlens.storage.writes.trips import Changes
from roadlens.telemetry.reviewed import around, flips, holding, recounted, with_state
from roadlens.telemetry.rules import read_rules
from roadlens.telemetry.work import Rules
from roadlens.telemetry.write import write


@dataclass(frozen=True, slots=True)
class Outcome:
    """An event's review before and after; what was not reviewed needs a review, and is at version 0."""

    event_id: UUID
    before: ReviewRow | None
    after: ReviewRow | None


async def review(
    session: WriteSession, who: Who, event_ids: Sequence[UUID], decision: Decision, expected: Expected = None
) -> list[Outcome]:
    """Decide about events, all or none of them, and let everything that counts them follow.

    Args:
        session: the transaction.
        who: decides, for the log.
        event_ids: about which events; in any order, and one may be named twice.
        decision: what is decided. What an event's review says already is not written again.
        expected: versions of which a single event's review must have one.

    Raises:
        NotFound: an event does not exist, and nothing was changed.
        PreconditionFailed: the review has another version than those expected.
    """
    ids = sorted(set(event_ids))

    async def run() -> list[Outcome]:
        rules = await read_rules(session)
        await devices.lock(session, await read.devices(session, ids))
        found = await read.events(session, ids)
        _all_there(ids, found)
        bench = await _look(session, rules, found)
        outcomes = [Outcome(each.event.event_id, before := bench.held(each), before) for each in found]
        _check(outcomes, expected)
        decided = await _decide(session, who, bench, found, decision)
        await _let_follow(session, rules, bench)
        return [Outcome(each.event_id, each.before, decided.get(each.event_id, each.before)) for each in outcomes]

    return await session.retrying(run)


@dataclass(slots=True)
class _Bench:
    """What lies on the table: reviews that may hold, the oldest first, and the events around them."""

    rules: Rules
    reviews: list[ReviewRow]
    events: list[DeviceEvent]

    def held(self, each: DeviceEvent) -> ReviewRow | None:
        """The review that holds for an event."""
        of_device = [review for review in self.reviews if review.device_id == each.device_id]
        return holding(self.rules.parameters, each.event, of_device)

    def shared(self, review: ReviewRow) -> bool:
        """Whether it holds for more than one event."""
        return sum(self.held(each) == review for each in self.events) > 1

    def put(self, changed: Sequence[ReviewRow]) -> None:
        """These are the newest now."""
        ids = {review.review_id for review in changed}
        self.reviews = [review for review in self.reviews if review.review_id not in ids] + list(changed)


async def _look(session: WriteSession, rules: Rules, found: Sequence[DeviceEvent]) -> _Bench:
    spans = [around(rules.parameters, device_id, event) for device_id, event in found]
    near = await read.near(session, spans)
    spans += [around(rules.parameters, review.device_id, _as_event(review)) for review in near]
    return _Bench(rules, near, await read.events_near(session, spans))


async def _decide(
    session: WriteSession, who: Who, bench: _Bench, found: Sequence[DeviceEvent], decision: Decision
) -> dict[UUID, ReviewRow]:
    """Write what differs; gives the new reviews by event. A review that holds for others too is left to them."""
    made: dict[tuple[int, str, object], tuple[UUID, ReviewRow | None]] = {}
    new, old = [], []
    for each in found:
        device_id, event = each
        before = bench.held(each)
        if _says(before, decision):
            continue
        if before is None or bench.shared(before):
            note = before.note if before is not None and decision.keep_note else decision.note
            new.append((note, Made(device_id, event.driver_id, event.event_type, event.occurred_at, event.ended_at)))
        else:
            old.append(Changed(before.review_id, event.driver_id, event.occurred_at, event.ended_at))
        made[device_id, event.event_type, event.occurred_at] = event.event_id, before
    if not made:
        return {}
    after = await reviews.change(session, who, decision, old)
    for note in dict.fromkeys(note for note, _ in new):
        of_note = [each for its_note, each in new if its_note == note]
        after += await reviews.make(session, who, decision._replace(note=note), of_note)
    entries = [Entry(*made[row.device_id, row.event_type, row.began_at], row) for row in after]
    await reviews.record(session, who, entries)
    bench.put(after)
    return {entry.event_id: entry.after for entry in entries}


async def _let_follow(session: WriteSession, rules: Rules, bench: _Bench) -> None:
    """Give events the states that their reviews say, and all that counts them what follows."""
    by_device: dict[int, list[ReviewRow]] = {}
    for review in bench.reviews:
        by_device.setdefault(review.device_id, []).append(review)
    changed = [
        (event, after)
        for device_id, event in bench.events
        if (after := with_state(rules.parameters, event, by_device.get(device_id, ()))) != event
    ]
    if not changed:
        return
    more = _more_by_trip(changed)
    before = await read.trips(session, more) if more else []
    gone, put = list(before), [_recounted(rules, trip, more[trip.trip_id]) for trip in before]
    await write(session, rules, Changes(gone, put, *map(list, zip(*changed, strict=True))))


def _more_by_trip(changed: Sequence[tuple[EventRow, EventRow]]) -> dict[UUID, Mapping[str, int]]:
    """How many more events of each type count in which trips; those in which as many count as before are left out."""
    by_trip: dict[UUID, list[tuple[EventRow, EventRow]]] = {}
    for pair in changed:
        by_trip.setdefault(pair[0].trip_id, []).append(pair)
    more = {trip_id: flips(pairs) for trip_id, pairs in by_trip.items()}
    return {trip_id: counts for trip_id, counts in more.items() if any(counts.values())}


def _recounted(rules: Rules, trip: TripRow, more: Mapping[str, int]) -> TripRow:
    return recounted(rules.parameters, trip, more)._replace(score_version=rules.version)


def _says(review: ReviewRow | None, decision: Decision) -> bool:
    """Whether nothing would be different. Of an event without a review it is said that it needs one."""
    state, note = (EventState.NEEDS_REVIEW, None) if review is None else (review.state, review.note)
    return state == decision.state and (decision.keep_note or note == decision.note)


def _as_event(review: ReviewRow) -> EventRow:
    """An event that takes as long as what was reviewed."""
    nowhere = UUID(int=0)
    return EventRow(
        nowhere, nowhere, review.driver_id, review.event_type, "", review.began_at, review.ended_at, None, 0, 0, 0, 0
    )


def _all_there(ids: Sequence[UUID], found: Iterable[DeviceEvent]) -> None:
    if missing := sorted(set(ids) - {event.event_id for _, event in found}):
        told = ", ".join(map(str, missing[:3])) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        raise NotFound(
            f"There is no event {told}: late positions may have made another one of it. /api/v1/admin/events lists them."
        )


def _check(outcomes: Sequence[Outcome], expected: Expected) -> None:
    for each in outcomes:
        version = 0 if each.before is None else each.before.version
        if expected is not None and version not in expected:
            raise PreconditionFailed(
                f"The review of event {each.event_id} is at version {version}, which is not the one in `If-Match`: "
                "somebody else has changed it. Read the event again, look at its review, and send yours with the new "
                "ETag."
            )
