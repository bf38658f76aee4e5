"""Reviews safety events: what an administrator decides about a manoeuvre, and all that follows from it, at once.

In one transaction change the review, the events it holds for, their trips, drivers' days and scores, and the read
models. No position is read: a trip's counts and its score follow from its row. Locks are taken in the order in which
deliveries take them (devices by id, then drivers' summaries by id), so no delivery in flight can undo it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from roadlens.domain import EventState
from roadlens.errors import NotFound, Overloaded, PreconditionFailed
from roadlens.storage.database import ReadSession, WriteSession
from roadlens.storage.reads import event_detail
from roadlens.storage.reads import reviews as read
from roadlens.storage.reads.event_detail import EventFound, ReviewFound
from roadlens.storage.reads.reviews import DeviceEvent, ReviewRow
from roadlens.storage.trip_rows import EventRow, TripRow
from roadlens.storage.writes import barrier, cache_tags, devices, reviews
from roadlens.storage.writes.audit import Who
from roadlens.storage.writes.barrier import Touched
from roadlens.storage.writes.edits import Expected
from roadlens.storage.writes.reviews import Changed, Entry, Made
from roadlens.storage.writes.trips import Changes
from roadlens.telemetry.reviewed import More, Reviews, around, flips, recounted
from roadlens.telemetry.rules import read_rules, rules_of
from roadlens.telemetry.work import Rules
from roadlens.telemetry.write import write

# How often events are looked for, before it is said that they come and go too fast.
_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided: None leaves the state as it is, and so does `keep_note` the note."""

    state: EventState | None
    note: str | None = None
    keep_note: bool = True

    def after(self, review: ReviewRow | None) -> tuple[str, str | None]:
        """State and note of what was reviewed so far as that says."""
        state, note = _says(review)
        return self.state.value if self.state else state, note if self.keep_note else self.note


@dataclass(frozen=True, slots=True)
class Outcome:
    """An event's review before and after; what was not reviewed needs a review, and is at version 0."""

    event_id: UUID
    before: ReviewRow | None
    after: ReviewRow | None

    @property
    def said(self) -> tuple[tuple[str, str | None], tuple[str, str | None]]:
        """State and note, now and before."""
        return _says(self.after), _says(self.before)


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
        Overloaded: events came and went each time they were looked for, and nothing was changed.
    """
    ids = sorted(set(event_ids))

    async def run() -> list[Outcome]:
        active = await barrier.enter(session)
        rules = rules_of(active)
        found = await _held(session, ids)
        _all_there(ids, found)
        bench = await _look(session, rules, found)
        outcomes = [Outcome(each.event.event_id, before := bench.held(each), before) for each in found]
        _check(outcomes, expected)
        decided = await _decide(session, who, bench, found, decision)
        await _let_follow(session, rules, bench, {row.driver_id for row in decided.values()})
        await barrier.note(session, active.pending, _touched(bench.events))
        return [Outcome(each.event_id, each.before, decided.get(each.event_id, each.before)) for each in outcomes]

    for _ in range(_LOOKS):
        with suppress(_CameBack):
            return await session.retrying(run)
    raise Overloaded("Trips of these events are being written again and again: nothing was changed. Try again.")


async def detail(session: ReadSession, event_id: UUID) -> tuple[EventFound, ReviewFound | None] | None:
    """An event with the review that holds for it; None if there is no such event."""
    found = await event_detail.event(session, event_id)
    if found is None:
        return None
    margins = (await read_rules(session)).parameters
    near = await read.near(session, [around(margins, found.device_id, found.event)])
    review = Reviews(margins, near).holding(found.event)
    return found, None if review is None else await event_detail.review(session, review.review_id)


class _CameBack(Exception):
    """An event is there whose device is not held."""


async def _held(session: WriteSession, ids: Sequence[UUID]) -> list[DeviceEvent]:
    """Those of the events that there are, their devices held.

    1. An edit or a late position takes an event away: the review finds no device to hold for it.
    2. While it waits for the devices of others, the event comes back.
    3. The review finds it, but whoever writes that device's trips now would not wait for it, nor it for them.
    To hold that device as well, behind others, would turn the order of locks round: all are given back instead.

    Raises:
        _CameBack: that is so.
    """
    held = await read.devices(session, ids)
    await devices.lock(session, held)
    found = await read.events(session, ids)
    if not {each.device_id for each in found} <= set(held):
        raise _CameBack
    return found


class _Bench:
    """What lies on the table: reviews that may hold, and the events around them."""

    def __init__(self, rules: Rules, reviews: Sequence[ReviewRow], events: Sequence[DeviceEvent]) -> None:
        """`reviews` are the oldest first."""
        self.rules, self.events = rules, events
        self._reviews = list(reviews)
        self._of_device = self._found()
        self._holds_for = Counter(held.review_id for each in events if (held := self.held(each)) is not None)

    def held(self, each: DeviceEvent) -> ReviewRow | None:
        """The review that holds for an event."""
        return self._of_device[each.device_id].holding(each.event) if each.device_id in self._of_device else None

    def shared(self, review: ReviewRow) -> bool:
        """Whether it holds for more than one event."""
        return self._holds_for[review.review_id] > 1

    def put(self, changed: Sequence[ReviewRow]) -> None:
        """These are the newest now."""
        ids = {review.review_id for review in changed}
        self._reviews = [review for review in self._reviews if review.review_id not in ids] + list(changed)
        self._of_device = self._found()

    def changed(self) -> list[tuple[EventRow, EventRow]]:
        """The events that are in another state than their reviews say, as they are and as they must be."""
        pairs = [
            (event, self._of_device[device_id].with_state(event))
            for device_id, event in self.events
            if device_id in self._of_device
        ]
        return [(before, after) for before, after in pairs if before != after]

    def _found(self) -> dict[int, Reviews[ReviewRow]]:
        by_device: dict[int, list[ReviewRow]] = {}
        for review in self._reviews:
            by_device.setdefault(review.device_id, []).append(review)
        return {device_id: Reviews(self.rules.parameters, held) for device_id, held in by_device.items()}


async def _look(session: WriteSession, rules: Rules, found: Sequence[DeviceEvent]) -> _Bench:
    spans = [around(rules.parameters, device_id, event) for device_id, event in found]
    near = await read.near(session, spans)
    if near:
        spans += [around(rules.parameters, review.device_id, review) for review in near]
    events = await read.events_near(session, spans)
    if len(events) > len(found):
        # Those beside may have reviews of their own, which hold for them and are near nothing that is decided about.
        near = await read.near(session, [around(rules.parameters, device_id, event) for device_id, event in events])
    return _Bench(rules, near, events)


async def _decide(
    session: WriteSession, who: Who, bench: _Bench, found: Sequence[DeviceEvent], decision: Decision
) -> dict[UUID, ReviewRow]:
    """Write what differs; gives the new reviews by event. A review that holds for others too is left to them."""
    decided: dict[tuple[int, str, datetime], tuple[UUID, ReviewRow | None]] = {}
    new, old = [], []
    for each in found:
        device_id, event = each
        before = bench.held(each)
        said, says = decision.after(before), _says(before)
        if said == says:
            continue
        span = event.occurred_at, event.ended_at
        if before is None or bench.shared(before):
            new.append(Made(device_id, event.driver_id, event.event_type, *span, *said))
        else:
            old.append(Changed(before.review_id, event.driver_id, *span, *said))
        decided[device_id, event.event_type, event.occurred_at] = event.event_id, before
    if not decided:
        return {}
    after = await reviews.change(session, who, old) + await reviews.make(session, who, new)
    entries = [Entry(*decided[row.device_id, row.event_type, row.began_at], row) for row in after]
    await reviews.record(session, who, entries)
    bench.put(after)
    return {entry.event_id: entry.after for entry in entries}


async def _let_follow(session: WriteSession, rules: Rules, bench: _Bench, told: Set[str]) -> None:
    """Give events the states that their reviews say, and all that counts them what follows.

    What is kept of the drivers that are `told` is stale by the reviews' rows themselves. A review that holds beyond a
    handover changes what another driver has done as well.
    """
    changed = bench.changed()
    if not changed:
        return
    if others := sorted({event.driver_id for _, event in changed} - told):
        await cache_tags.raise_tags(session, [f"driver:{driver_id}" for driver_id in others])
    more = _more_by_trip(changed)
    before = await read.trips(session, more) if more else []
    gone, put = list(before), [_recounted(rules, trip, more[trip.trip_id]) for trip in before]
    await write(session, rules, Changes(gone, put, *map(list, zip(*changed, strict=True))))


def _touched(events: Iterable[DeviceEvent]) -> list[Touched]:
    """The span of each device in which events lie that a decision may have reached."""
    spans: dict[int, list[datetime]] = {}
    for device_id, event in events:
        spans.setdefault(device_id, []).extend((event.occurred_at, event.ended_at))
    return [Touched(device_id, min(moments), max(moments)) for device_id, moments in spans.items()]


def _more_by_trip(changed: Sequence[tuple[EventRow, EventRow]]) -> dict[UUID, More]:
    """What counts more in which trips; those in which as much counts as before are left out."""
    by_trip: dict[UUID, list[tuple[EventRow, EventRow]]] = {}
    for pair in changed:
        by_trip.setdefault(pair[0].trip_id, []).append(pair)
    more = {trip_id: flips(pairs) for trip_id, pairs in by_trip.items()}
    return {trip_id: of_trip for trip_id, of_trip in more.items() if of_trip.some}


def _recounted(rules: Rules, trip: TripRow, more: More) -> TripRow:
    return recounted(rules.parameters, trip, more)._replace(score_version=rules.version)


def _says(review: ReviewRow | None) -> tuple[str, str | None]:
    """State and note. Of an event without a review it is said that it needs one."""
    return (EventState.NEEDS_REVIEW.value, None) if review is None else (review.state, review.note)


def _all_there(ids: Sequence[UUID], found: Iterable[DeviceEvent]) -> None:
    if missing := sorted(set(ids) - {event.event_id for _, event in found}):
        told = ", ".join(map(str, missing[:3])) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        raise NotFound(
            f"There is no event {told}. Late positions may have made another one of it: /api/v1/admin/events lists "
            "what there is."
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
