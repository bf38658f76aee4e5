"""Which review holds for an event, and what a trip is when events of it are dismissed. Pure: same reviews, same rows.

A review belongs to a manoeuvre: a device, a type, and two moments. It holds for the event of that device and type that
touches them, or comes as near as two reports of one manoeuvre do; of several the newest. So it survives a late
position, an alarm that takes a derivation's place, a new cut and a new score version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

from roadlens.domain import EVENT_TYPES, EventState, EventType
from roadlens.scoring.parameters import Parameters
from roadlens.scoring.trip import trip_score
from roadlens.storage.reads.reviews import Review, ReviewRow, Span
from roadlens.storage.trip_rows import EventRow, TripRow

R = TypeVar("R", Review, ReviewRow)

_LASTING = (EventType.SPEEDING, EventType.PHONE_USE)


class Margins(Protocol):
    """What of a score version says how near two reports of one manoeuvre are, in seconds."""

    @property
    def same_manoeuvre_s(self) -> float: ...

    @property
    def same_episode_s(self) -> float: ...


def margin(margins: Margins, event_type: str) -> timedelta:
    """How far a review may be from an event that it holds for."""
    return timedelta(seconds=margins.same_episode_s if event_type in _LASTING else margins.same_manoeuvre_s)


def around(margins: Margins, device_id: int, event: EventRow) -> Span:
    """The span that a review must touch to hold for the event."""
    near = margin(margins, event.event_type)
    return Span(device_id, event.event_type, event.occurred_at - near, event.ended_at + near)


def holding(margins: Margins, event: EventRow, reviews: Sequence[R]) -> R | None:
    """The newest of its device's reviews, which are oldest first, that holds for the event."""
    near = margin(margins, event.event_type)
    for review in reversed(reviews):
        if (
            review.event_type == event.event_type
            and review.began_at - near <= event.ended_at
            and event.occurred_at <= review.ended_at + near
        ):
            return review
    return None


def with_state(margins: Margins, event: EventRow, reviews: Sequence[R]) -> EventRow:
    """The event in the state that its review gives it; without one it needs a review."""
    review = holding(margins, event, reviews)
    state = EventState.NEEDS_REVIEW.value if review is None else review.state
    return event if event.state == state else event._replace(state=state)


def reviewed(
    parameters: Parameters, trip: TripRow, events: Sequence[EventRow], reviews: Sequence[R]
) -> tuple[TripRow, list[EventRow]]:
    """A trip and its events after reviews.

    Args:
        parameters: by which the trip was scored.
        trip: the trip, all of its events counted.
        events: its events.
        reviews: of its device, the oldest first.
    """
    if not reviews or not events:
        return trip, list(events)
    decided = [with_state(parameters, event, reviews) for event in events]
    dismissed = Counter(event.event_type for event in decided if not event.counts)
    if not dismissed:
        return trip, decided
    return recounted(parameters, trip, {kind: -number for kind, number in dismissed.items()}), decided


def recounted(parameters: Parameters, trip: TripRow, more: Mapping[str, int]) -> TripRow:
    """The trip with so many more events of these types, and the score that follows."""
    counts = {kind: getattr(trip, kind.value) + more.get(kind.value, 0) for kind in EVENT_TYPES}
    score = trip_score(parameters, distance_m=trip.distance_m, speeding_m=trip.speeding_m, counts=counts)
    columns = {kind.value: number for kind, number in counts.items()}
    return trip._replace(**columns, trip_score=Decimal(f"{score:.2f}"))


def flips(changes: Iterable[tuple[EventRow, EventRow]]) -> Counter[str]:
    """How many more events of each type count, after events changed from one form to the other."""
    more: Counter[str] = Counter()
    for before, after in changes:
        more[before.event_type] += int(after.counts) - int(before.counts)
    return more
