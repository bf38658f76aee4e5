"""Forces by hand: constant acceleration, circles at constant speed, and each term of a strength at its threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from roadlens.domain import EventType
from roadlens.scoring.parameters import DEFAULT, Parameters
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.forces import Forces
from roadlens.telemetry.seconds import seconds
from roadlens.telemetry.track import Track
from tests.support.fleet import array
from tests.support.wheel import driven, ramp, straight

BRAKING, ACCELERATION, CORNERING = (
    EventType.HARSH_BRAKING,
    EventType.RAPID_ACCELERATION,
    EventType.HARSH_CORNERING,
)


def forces(fixes: Sequence[Fix], parameters: Parameters = DEFAULT) -> Forces:
    return Forces(parameters, seconds(Track(parameters, array(fixes))))


def strongest(fixes: Sequence[Fix], kind: EventType, parameters: Parameters = DEFAULT) -> float:
    return float(forces(fixes, parameters).strength(kind).max())


def circle(speed: float, turn: float, count: int = 20) -> list[Fix]:
    return driven([(second, speed, turn * second) for second in range(count)])


def test_acceleration_is_the_slope_of_the_speed() -> None:
    shown = forces(straight(ramp((12, 2.0), speed=20.0))).severity(ACCELERATION)
    assert shown[2:-2] == pytest.approx(2.0, abs=1e-3)
    slowing = forces(straight(ramp((12, -2.0), speed=120.0))).severity(BRAKING)
    assert slowing[2:-2] == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("turn", [-20.0, 5.0, 20.0])
@pytest.mark.parametrize("north", [0.0, 350.0])
def test_across_is_speed_times_turning(turn: float, north: float) -> None:
    """By the chords of a circle: the mean of three velocities, and the change over four seconds of it."""
    fixes = driven([(second, 36.0, north + turn * second) for second in range(20)])
    angle = math.radians(turn)
    mean = (1 + 2 * math.cos(angle)) / 3
    expected = abs(10 * mean * 2 * math.sin(2 * angle) / 4)
    assert forces(fixes).severity(CORNERING)[3:-3] == pytest.approx(expected, abs=2e-3)


def test_nothing_is_told_across_a_pause_or_where_the_course_is_unknown() -> None:
    moments = [*range(10), *range(13, 23)]
    parted = forces(driven([(moment, 36.0 + moment, 0.0) for moment in moments]))
    assert np.isnan(parted.severity(CORNERING)).tolist() == [
        *[True] * 3,
        *[False] * 4,
        *[True] * 6,
        *[False] * 4,
        *[True] * 3,
    ]
    blind = forces(driven([(second, 36.0, float("nan") if second == 10 else 0.0) for second in range(20)]))
    assert np.flatnonzero(np.isnan(blind.severity(CORNERING))).tolist() == [0, 1, 2, *range(7, 14), 17, 18, 19]


def test_one_fix_may_be_missing_and_no_more() -> None:
    speeds = ramp((20, 2.0), speed=20.0)
    one = [each for second, each in enumerate(straight(speeds)) if second != 10]
    assert forces(one).severity(ACCELERATION)[:-2] == pytest.approx(2.0, abs=1e-3)
    every_second = straight(speeds[::2], every=2)
    assert np.isnan(forces(every_second).severity(ACCELERATION)).all()


@pytest.mark.parametrize(("kind", "sign"), [(BRAKING, -1), (ACCELERATION, 1)])
def test_a_force_that_lasts_is_harsh_from_three_on(kind: EventType, sign: int) -> None:
    for amount, harsh in ((3.01, True), (2.99, False)):
        fixes = straight(ramp((5, 0.0), (6, sign * amount), speed=60.0 - sign * 25))
        plain = replace(DEFAULT, gps_braking_swing_ms2=99.0, gps_acceleration_swing_ms2=99.0)
        assert (strongest(fixes, kind, plain) >= 1) is harsh


def test_a_bend_that_lasts_is_harsh_from_three_on_to_either_side() -> None:
    """At 54 km/h, 15 m/s, by the chords: 11.5 degrees a second for two seconds, 12.9 for six."""
    for turn, harsh in ((13.2, True), (-13.2, True), (11.4, False), (-11.4, False)):
        assert (strongest(circle(54.0, turn), CORNERING) >= 1) is harsh


def test_turning_on_the_spot_is_no_bend() -> None:
    assert strongest(circle(4.9, 90.0), CORNERING) == 0


def let_go(amount: float, after: float, speed: float = 50.0) -> list[Fix]:
    return straight(ramp((6, 0.0), (3, -amount), (6, after), speed=speed))


def test_braking_that_is_let_go_is_harsh_and_a_planned_stop_is_not() -> None:
    assert strongest(let_go(2.0, 0.5), BRAKING) >= 1
    assert strongest(let_go(1.0, 0.2), BRAKING) < 1
    planned = straight(ramp((6, 0.0), (8, -1.9), (6, 0.0), speed=50.0))
    assert strongest(planned, BRAKING) < 1
    assert strongest(let_go(2.0, 0.5, speed=30.0), BRAKING) < 1  # below 18 km/h as it lets go


def test_braking_for_a_bend_is_no_harsh_braking() -> None:
    speeds = ramp((6, 0.0), (3, -2.0), (6, 0.5), speed=50.0)
    bend = driven([(second, speed, 12.0 * second) for second, speed in enumerate(speeds)])
    assert strongest(bend, BRAKING) < 1


def test_acceleration_that_comes_suddenly_at_speed_is_harsh() -> None:
    sudden = straight(ramp((6, -0.5), (4, 1.8), (6, 0.0), speed=60.0))
    assert strongest(sudden, ACCELERATION) >= 1
    gentle = straight(ramp((6, 0.0), (4, 1.6), (6, 0.0), speed=60.0))
    assert strongest(gentle, ACCELERATION) < 1
    slow = straight(ramp((6, -0.5), (4, 1.8), (6, 0.0), speed=25.0))
    assert strongest(slow, ACCELERATION) < 1


def test_a_start_that_makes_the_receiver_stumble_is_harsh() -> None:
    starts = [0.0] * 6 + [1.0, 11.0, 1.0, 9.0, 16.0, 21.0, 23.0, 23.0, 23.0]
    assert strongest(straight(starts), ACCELERATION) >= 1
    smooth = [0.0] * 6 + [1.0, 2.0, 4.0, 9.0, 16.0, 21.0, 23.0, 23.0, 23.0]
    assert strongest(straight(smooth), ACCELERATION) < 1
    rolling = [speed + 4.0 for speed in starts]
    assert strongest(straight(rolling), ACCELERATION) < 1


def test_a_hurried_bend_is_harsh_where_a_calm_one_of_the_same_force_is_not() -> None:
    courses = [0.0] * 8 + [15.0, 30.0, 45.0, 60.0] + [60.0] * 8
    calm = driven([(second, 30.0, course) for second, course in enumerate(courses)])
    assert 1 < forces(calm).severity(CORNERING)[8:12].max() < 2.5
    assert strongest(calm, CORNERING) < 1
    speeds = ramp((5, 0.0), (4, -1.6), (10, 0.0), speed=50.0)
    hurried = driven(
        [(second, speed, course) for second, (speed, course) in enumerate(zip(speeds, courses, strict=True))]
    )
    assert strongest(hurried, CORNERING) >= 1


def test_three_fixes_around_a_manoeuvre_show_a_strong_one() -> None:
    speeds = [*[60.0] * 3, 48.0, 36.0, *[30.0] * 3]
    moments = [0, 15, 30, 31, 32, 45, 60, 75]
    burst = driven([(moment, speed, 0.0) for moment, speed in zip(moments, speeds, strict=True)])
    assert np.nanmax(forces(burst).severity(BRAKING)) == pytest.approx(24 / 2 / 3.6, abs=1e-3)


def test_each_segment_is_judged_as_if_it_were_alone() -> None:
    first, second = let_go(2.0, 0.5), let_go(1.9, 1.0)
    second = [each._replace(fix_time=each.fix_time + 40_000_000) for each in second]
    for kind in (BRAKING, ACCELERATION, CORNERING):
        apart = np.concatenate([forces(first).strength(kind), forces(second).strength(kind)])
        assert forces([*first, *second]).strength(kind).tolist() == apart.tolist()
