"""The way of a leg against what is known by hand: great circles, constant speed, holes."""

from __future__ import annotations

import math

import pytest

from roadlens.scoring.parameters import DEFAULT
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.track import EARTH_RADIUS_M, Track
from tests.support.fleet import array, fix, northwards


def track(fixes: list[Fix]) -> Track:
    return Track(DEFAULT, array(fixes))


def between(start: tuple[float, float], end: tuple[float, float], seconds: float = 100_000) -> float:
    """Driven distance between two places, m, by two fixes far apart in time."""
    fixes = [fix(0, 50, latitude=start[0], longitude=start[1]), fix(seconds, 50, latitude=end[0], longitude=end[1])]
    return float(track(fixes).steps_m.sum())


@pytest.mark.parametrize(
    ("start", "end", "metres"),
    [
        ((0.0, 0.0), (1.0, 0.0), EARTH_RADIUS_M * math.pi / 180),
        ((0.0, 179.5), (0.0, -179.5), EARTH_RADIUS_M * math.pi / 180),
        ((60.0, 10.0), (60.0, 10.0), 0.0),
        ((89.0, 0.0), (89.0, 180.0), EARTH_RADIUS_M * math.pi / 90),
        # Big Ben to the Eiffel Tower, as map services say within half a percent.
        ((51.5007, -0.1246), (48.8584, 2.2945), 340_600),
        # Two places a step apart: no cancellation.
        ((41.0, -96.0), (41.00001, -96.0), 1.11195),
    ],
)
def test_far_apart_fixes_are_joined_by_the_great_circle(
    start: tuple[float, float], end: tuple[float, float], metres: float
) -> None:
    assert between(start, end) == pytest.approx(metres, rel=1e-3, abs=1e-6)


def test_antipodes_are_half_the_globe_apart() -> None:
    assert between((0.0, 0.0), (0.0, 180.0), 10_000_000) == pytest.approx(EARTH_RADIUS_M * math.pi)


def test_dense_fixes_are_joined_by_their_speed_not_by_their_wandering_places() -> None:
    fixes = [fix(second, 36.0, latitude=41 + (second % 2) * 0.01) for second in range(5)]
    assert track(fixes).steps_m.tolist() == [10.0] * 4


def test_up_to_five_seconds_the_speed_tells_the_distance_beyond_them_the_place() -> None:
    assert track([fix(0, 36.0), fix(5, 36.0)]).steps_m.tolist() == [50.0]
    assert track([fix(0, 36.0), fix(5.1, 36.0)]).steps_m.tolist() == [0.0]


def test_trapezoid_and_great_circle_agree_on_a_straight_road() -> None:
    for every in (5, 6):
        driven = track(northwards([(second, 72.0) for second in range(0, 61, every)]))
        assert driven.steps_m.sum() == pytest.approx(1200, rel=1e-6)


def test_what_was_not_observed_is_not_driven() -> None:
    """Ten seconds are no hole, nor is five times the usual interval: only what is longer than both."""
    seconds = [*range(10), 19, 30]
    assert track(northwards([(second, 36.0) for second in seconds])).holes.tolist() == [False] * 10 + [True]
    seconds = [0, 30, 60, 90, 240, 391]
    sparse = track(northwards([(second, 36.0) for second in seconds]))
    assert sparse.holes.tolist() == [False] * 4 + [True]
    assert sparse.steps_m[-1] == 0


def test_a_place_that_cannot_have_been_reached_is_not_driven_to() -> None:
    fixes = northwards([(second, 36.0) for second in range(0, 60, 10)])
    fixes[3] = fixes[3]._replace(longitude=-95.9)
    driven = track(fixes)
    assert driven.holes.tolist() == [False, False, True, True, False]
    assert driven.steps_m.sum() == pytest.approx(300)


def test_a_dense_leg_that_begins_in_motion_counts_half_an_interval_before_it() -> None:
    assert track([fix(0, 36.0), fix(2, 36.0)]).head_m == 10.0
    assert track([fix(0, 36.0), fix(6, 36.0)]).head_m == 0.0
    assert track([fix(0, 36.0)]).head_m == 0.0


@pytest.mark.parametrize("count", [1, 2])
def test_very_few_fixes_have_very_few_steps(count: int) -> None:
    assert len(track([fix(second, 36.0) for second in range(count)]).steps_m) == count - 1
