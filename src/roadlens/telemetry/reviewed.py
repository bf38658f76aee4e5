"""Which review holds for an event, and what a trip is when events of it are dismissed. Pure: same reviews, same rows.

A review belongs to a manoeuvre: a device, a type, and two moments. It holds for the event of that device and type that
touches them, or comes as near as two reports of one manoeuvre do; of several the newest. So it survives a late
position, an alarm that takes a derivation's place, a new cut and a new score version.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Generic, NamedTuple, Protocol, TypeVar

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


def around(margins: Margins, device_id: int, of: EventRow | ReviewRow) -> Span:
    """The span that a review must touch to hold for the event; and the other way round."""
    near = margin(margins, of.event_type)
    began = of.occurred_at if isinstance(of, EventRow) else of.began_at
    return Span(device_id, of.event_type, began - near, of.ended_at + near)


class Reviews(Generic[R]):
    """The reviews of one device, to find the one that holds for an event: many reviews, found in a few steps."""

    def __init__(self, margins: Margins, reviews: Sequence[R]) -> None:
        """`reviews` are the oldest first."""
        self._margins = margins
        self._by_type: dict[str, list[tuple[datetime, datetime, int, R]]] = {}
        for age, review in enumerate(reviews):
            rows = self._by_type.setdefault(review.event_type, [])
            rows.append((review.began_at, review.ended_at, age, review))
        # With each the latest end of all up to it: where that is too early, no earlier one need be looked at.
        self._reach: dict[str, list[datetime]] = {}
        for event_type, rows in self._by_type.items():
            rows.sort(key=lambda row: row[:3])
            self._reach[event_type] = list(accumulate((ended for _, ended, _, _ in rows), max))

    def holding(self, event: EventRow) -> R | None:
        """The newest review that holds for the event."""
        rows = self._by_type.get(event.event_type, [])
        near = margin(self._margins, event.event_type)
        place = bisect_right(rows, event.ended_at + near, key=lambda row: row[0])
        newest: tuple[int, R] | None = None
        while place and self._reach[event.event_type][place - 1] >= event.occurred_at - near:
            place -= 1
            _, ended, age, review = rows[place]
            if ended >= event.occurred_at - near and (newest is None or age > newest[0]):
                newest = age, review
        return None if newest is None else newest[1]

    def with_state(self, event: EventRow) -> EventRow:
        """The event in the state that its review gives it; without one it needs a review."""
        review = self.holding(event)
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
    found = Reviews(parameters, reviews)
    decided = [found.with_state(event) for event in events]
    more = flips(zip(events, decided, strict=True))
    return (recounted(parameters, trip, more) if more.some else trip), decided


class More(NamedTuple):
    """What counts more in a trip than before: events of each type, metres and seconds above the limit."""

    counts: Mapping[str, int]
    speeding_m: int = 0
    speeding_s: int = 0

    @property
    def some(self) -> bool:
        """Whether it changes a trip."""
        return any((*self.counts.values(), self.speeding_m, self.speeding_s))


def recounted(parameters: Parameters, trip: TripRow, more: More) -> TripRow:
    """The trip with so much more that counts, and the score that follows."""
    counts = {kind: getattr(trip, kind.value) + more.counts.get(kind.value, 0) for kind in EVENT_TYPES}
    speeding_m = trip.speeding_m + more.speeding_m
    score = trip_score(parameters, distance_m=trip.distance_m, speeding_m=speeding_m, counts=counts)
    return trip._replace(
        **{kind.value: number for kind, number in counts.items()},
        speeding_m=speeding_m,
        speeding_s=None if trip.speeding_s is None else trip.speeding_s + more.speeding_s,
        trip_score=Decimal(f"{score:.2f}"),
    )


def flips(changes: Iterable[tuple[EventRow, EventRow]]) -> More:
    """What counts more, after events changed from one form to the other."""
    counts: Counter[str] = Counter()
    metres = seconds = 0
    for before, after in changes:
        more = int(after.counts) - int(before.counts)
        counts[before.event_type] += more
        metres += more * (before.speeding_m or 0)
        seconds += more * (before.speeding_s or 0)
    return More(counts, metres, seconds)
