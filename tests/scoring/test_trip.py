"""The trip score by hand, at its ends, and that more never scores better."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadlens.domain import EVENT_TYPES, EventType
from roadlens.scoring.parameters import DEFAULT
from roadlens.scoring.trip import (
    NOT_BELOW_ZERO,
    TripDeduction,
    explained_score,
    trip_deductions,
    trip_score,
    trip_scores,
)

COUNTS = st.dictionaries(st.sampled_from(EVENT_TYPES), st.integers(0, 50))
METRES = st.integers(0, 1_000_000)


def score(distance_m: float, speeding_m: float = 0, counts: dict[EventType, int] | None = None) -> float:
    return trip_score(DEFAULT, distance_m=distance_m, speeding_m=speeding_m, counts=counts or {})


def test_a_known_trip_by_hand() -> None:
    """20 km: an event counts half. 2 x 8 / 2, 1 x 12 / 2, and 40 points for the twentieth part above the limit."""
    counts = Counter({EventType.HARSH_BRAKING: 2, EventType.PHONE_USE: 1})
    assert trip_deductions(DEFAULT, distance_m=20_000, speeding_m=1000, counts=counts) == [
        TripDeduction("harsh_braking", 8.0),
        TripDeduction("phone_use", 6.0),
        TripDeduction("speeding_share", 2.0),
    ]
    assert score(20_000, 1000, counts) == 84.0


def test_a_trip_without_events_has_all_points() -> None:
    assert score(50) == score(500_000) == 100.0


@pytest.mark.parametrize("distance", [0, 50, 9_999, 10_000])
def test_a_short_trip_counts_as_ten_kilometres(distance: float) -> None:
    assert score(distance, 0, {EventType.RAPID_ACCELERATION: 1}) == 94.0


def test_speeding_all_the_way_takes_forty_points_and_no_more() -> None:
    assert score(1000, 1000) == score(1000, 1500) == 60.0


@given(METRES, METRES, COUNTS)
def test_deductions_add_up_to_what_is_missing(distance: int, speeding: int, counts: dict[EventType, int]) -> None:
    given_score = score(distance, speeding, counts)
    found = explained(given_score, distance, speeding, counts)
    assert found is not None
    assert sum(one.points for one in found) == pytest.approx(100 - given_score, abs=1e-9)
    assert [one.factor for one in found if one.points < 0] in ([], [NOT_BELOW_ZERO])
    assert given_score == 0 or all(one.points >= 0 for one in found)


def test_a_class_has_weights_of_its_own() -> None:
    counts = {EventType.HARSH_BRAKING: 1}
    stored = DEFAULT.as_dict() | {"classes": {"truck": {"trip_harsh_braking": 5.0}}}
    assert explained(95, 10_000, 0, counts, stored, "Truck") == [TripDeduction("harsh_braking", 5.0)]
    assert explained(92, 10_000, 0, counts, stored, "van") == [TripDeduction("harsh_braking", 8.0)]
    assert explained(92, 10_000, 0, counts, stored, "truck") is None


def explained(
    given_score: float,
    distance: int,
    speeding: int,
    counts: dict[EventType, int],
    stored: dict[str, Any] | None = None,
    category: str | None = None,
) -> list[TripDeduction] | None:
    return explained_score(
        stored or DEFAULT.as_dict(),
        category,
        score=given_score,
        distance_m=distance,
        speeding_m=speeding,
        counts=counts,
    )


def test_nothing_scores_below_zero() -> None:
    assert score(1000, 1000, dict.fromkeys(EVENT_TYPES, 100)) == 0.0


@given(METRES, METRES, COUNTS, st.sampled_from(EVENT_TYPES))
def test_one_more_event_never_makes_a_trip_safer(
    distance: int, speeding: int, counts: dict[EventType, int], kind: EventType
) -> None:
    more = Counter(counts) + Counter([kind])
    before, after = score(distance, speeding, counts), score(distance, speeding, more)
    assert 0 <= after <= before <= 100
    assert before == round(before, 2)


@given(st.lists(st.tuples(st.integers(1, 1_000_000), METRES, COUNTS), min_size=1))
def test_many_at_once_score_as_each_alone(trips: list[tuple[int, int, dict[EventType, int]]]) -> None:
    distance, speeding, counts = zip(*trips, strict=True)
    scores = trip_scores(
        DEFAULT,
        distance_m=np.array(distance),
        speeding_m=np.array(speeding),
        counts=np.array([[trip.get(kind, 0) for kind in EVENT_TYPES] for trip in counts]),
    )
    assert scores == pytest.approx([score(*trip) for trip in trips], abs=0.031)
