"""Which review holds for an event: the newest that is near enough, found without looking at all of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadlens.domain import EventState, EventType
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.reads.reviews import Review
from roadlens.storage.trip_rows import EventRow, TripRow
from roadlens.telemetry.reviewed import More, Reviews, flips, recounted, reviewed
from tests.support.fleet import NOON

NOWHERE = UUID(int=0)
BRAKING, SPEEDING = EventType.HARSH_BRAKING.value, EventType.SPEEDING.value


def event(began: float, ended: float, kind: str = BRAKING) -> EventRow:
    first, last = NOON + timedelta(seconds=began), NOON + timedelta(seconds=ended)
    return EventRow(NOWHERE, NOWHERE, "D", kind, "gps", first, last, 3.0, 0.1, 0.0, 0.0, 50.0)


def review(began: float, ended: float, state: str = "dismissed", kind: str = BRAKING) -> Review:
    return Review(kind, NOON + timedelta(seconds=began), NOON + timedelta(seconds=ended), state)


@pytest.mark.parametrize(
    ("told", "reviews", "state"),
    [
        (event(10, 12), [], "needs_review"),
        (event(10, 12), [review(10, 12)], "dismissed"),
        (event(10, 12), [review(17, 20)], "dismissed"),
        (event(10, 12), [review(17.001, 20)], "needs_review"),
        (event(10, 12), [review(0, 5)], "dismissed"),
        (event(10, 12), [review(0, 4.999)], "needs_review"),
        (event(10, 12), [review(10, 12, kind=SPEEDING)], "needs_review"),
        (event(100, 200, SPEEDING), [review(0, 40, kind=SPEEDING)], "dismissed"),
        (event(100, 200, SPEEDING), [review(0, 39, kind=SPEEDING)], "needs_review"),
        (event(10, 12), [review(10, 12), review(11, 11, "coached")], "coached"),
        (event(10, 12), [review(0, 900, "coached"), review(500, 500)], "coached"),
    ],
)
def test_the_newest_that_is_near_enough_holds(told: EventRow, reviews: list[Review], state: str) -> None:
    assert Reviews(DEFAULT, reviews).with_state(told).state == state


SECONDS = st.integers(0, 400)
SPANS = st.tuples(SECONDS, st.integers(0, 100), st.sampled_from([BRAKING, SPEEDING]))


@given(SPANS, st.lists(st.tuples(SPANS, st.sampled_from([state.value for state in EventState])), max_size=12))
def test_nothing_is_missed_by_not_looking(
    span: tuple[int, int, str], told: list[tuple[tuple[int, int, str], str]]
) -> None:
    start, length, kind = span
    found = event(start, start + length, kind)
    reviews = [review(began, began + lasted, state, of) for (began, lasted, of), state in told]
    margin = timedelta(seconds=60 if kind == SPEEDING else 5)
    holding = [
        each
        for each in reviews
        if each.event_type == kind
        and each.began_at - margin <= found.ended_at
        and each.ended_at + margin >= found.occurred_at
    ]
    assert Reviews(DEFAULT, reviews).holding(found) == (holding[-1] if holding else None)


def test_a_trip_without_its_dismissed_events_is_one_that_never_had_them() -> None:
    nothing: dict[str, Any] = dict.fromkeys(TripRow._fields, 0)
    driven = TripRow(**nothing)._replace(distance_m=20_000, speeding_m=1_000)
    one, two = (recounted(DEFAULT, driven, More({BRAKING: braked, SPEEDING: 1})) for braked in (1, 2))
    assert (two.harsh_braking, two.speeding, two.events, two.trip_score) == (2, 1, 3, Decimal("86.00"))
    events = [event(10, 12), event(100, 101), event(300, 400, SPEEDING)]
    counted, decided = reviewed(DEFAULT, two, events, [review(11, 11)])
    assert counted == one
    assert [each.state for each in decided] == ["dismissed", "needs_review", "needs_review"]
    assert reviewed(DEFAULT, two, events, [review(11, 11, "coached")])[0] is two
    assert reviewed(DEFAULT, two, events, []) == (two, events)


def test_with_its_speeding_go_its_metres_and_seconds() -> None:
    nothing: dict[str, Any] = dict.fromkeys(TripRow._fields, 0)
    driven = TripRow(**nothing)._replace(distance_m=20_000, speeding_m=1_500, speeding_s=75, speeding=2)
    one = event(100, 200, SPEEDING)._replace(speeding_m=600, speeding_s=30)
    two = event(400, 500, SPEEDING)._replace(speeding_m=400, speeding_s=20)
    counted, _ = reviewed(DEFAULT, driven, [one, two], [review(150, 150, kind=SPEEDING)])
    assert (counted.speeding, counted.speeding_m, counted.speeding_s) == (1, 900, 45)
    # 40 x 900 / 20000 for the share, 8 x 10 / 20 for the event that is left.
    assert counted.trip_score == Decimal("94.20")
    (first, second) = (each._replace(state="dismissed") for each in (one, two))
    assert flips([(one, first), (second, two)]) == More({SPEEDING: 0}, -200, -10)
    assert flips([(one, first), (second, two)]).some
    assert recounted(DEFAULT, counted, flips([(first, one)])) == recounted(DEFAULT, driven, More({}))
    without = driven._replace(speeding_s=None)
    assert recounted(DEFAULT, without, flips([(one, first)])).speeding_s is None
