"""Rows by hand: one a second, whole numbers, and why nothing can be told between two of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from roadlens.scoring.parameters import DEFAULT
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.seconds import LeftOut, Seconds, seconds
from roadlens.telemetry.track import Track
from tests.support.fleet import array, fix
from tests.support.wheel import driven, straight


def rows(fixes: Sequence[Fix]) -> Seconds:
    return seconds(Track(DEFAULT, array(fixes)))


def left_out(fixes: Sequence[Fix]) -> list[int]:
    return [int(reason) for reason in rows(fixes).left_out[1:]]


def test_velocities_are_whole_millimetres() -> None:
    found = rows(driven([(0, 36.0, 90.0), (1, 36.0, 180.0), (2, 0.0, 45.0), (3, 3.7, float("nan"))]))
    assert found.speed_mms.tolist() == [10_000, 10_000, 0, 1028]
    assert found.east_mms.tolist() == [10_000, 0, 0, 0]
    assert found.north_mms.tolist() == [0, -10_000, 0, 0]
    assert found.course_known.tolist() == [True, True, True, False]


def test_a_standing_vehicle_needs_no_course() -> None:
    assert rows(driven([(0, 2.9, float("nan")), (1, 3.0, float("nan"))])).course_known.tolist() == [True, False]


def test_ten_a_second_are_judged_as_one() -> None:
    fixes = straight([36.0] * 101, every=0.1)
    found = rows(fixes)
    assert found.index.tolist() == [0, *range(5, 101, 10)]
    assert found.step_mm.sum() == 100_000 + 500
    assert not found.left_out.any()


@pytest.mark.parametrize("shift", [-0.4, -0.1, 0.0, 0.1, 0.4])
def test_no_fix_a_second_is_left_out_because_it_comes_early_or_late(shift: float) -> None:
    late = [second + (shift if second % 2 else 0.0) for second in range(20)]
    assert len(rows(driven([(moment, 36.0, 0.0) for moment in late])).index) == 20


def test_steps_add_up_to_the_distance() -> None:
    fixes = straight([30.0, 36.0, 36.0, 20.0, 0.0])
    found = rows(fixes)
    assert found.step_mm.tolist() == [4167, 9167, 10_000, 7778, 2778]


def test_limits_are_whole_millimetres_a_second_and_none_is_none() -> None:
    limits = [50.0, 0.0, -1.0, float("nan"), float("inf")]
    fixes = [each._replace(speed_limit_kmh=limit) for each, limit in zip(straight([50.0] * 5), limits, strict=True)]
    assert rows(fixes).limit_mms.tolist() == [13_889, 0, 0, 0, 277_778]


def test_a_good_drive_leaves_nothing_out() -> None:
    turning = driven([(second, 40 + 3 * (second % 5), 10 * second) for second in range(60)])
    assert not rows(turning).left_out.any()
    assert set(rows(turning).segment.tolist()) == {0}


def test_a_pause_is_sparse_and_a_long_one_a_gap() -> None:
    moments = [0, 1, 2, 4.5, 7.1, 8, 9, 10, 20, 31, 32]
    fixes = driven([(moment, 36.0, 0.0) for moment in moments])
    sparse, gap = LeftOut.SPARSE, LeftOut.GAP
    assert left_out(fixes) == [0, 0, 0, sparse, 0, 0, 0, sparse, gap, 0]
    assert rows(fixes).segment.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2, 3, 3]


def test_a_place_that_the_speed_does_not_lead_to_is_a_jump() -> None:
    fixes = straight([36.0] * 9)
    aside = [each._replace(longitude=each.longitude + 40 / 83_900) if n == 4 else each for n, each in enumerate(fixes)]
    assert left_out(aside) == [0, 0, 0, LeftOut.JUMP, LeftOut.JUMP, 0, 0, 0]
    near = [each._replace(longitude=each.longitude + 10 / 83_900) if n == 4 else each for n, each in enumerate(fixes)]
    assert left_out(near) == [0] * 8


def test_a_jump_between_sparse_fixes_is_what_no_vehicle_drives() -> None:
    fixes = straight([36.0] * 9, every=10)
    fixes[4] = fixes[4]._replace(longitude=-95.9)
    assert left_out(fixes)[3:5] == [LeftOut.JUMP, LeftOut.JUMP]


def test_a_place_that_stays_while_the_speed_goes_on_is_frozen() -> None:
    fixes = straight([36.0] * 9)
    stuck = [fixes[3]._replace(fix_time=each.fix_time) if n in (4, 5) else each for n, each in enumerate(fixes)]
    assert left_out(stuck) == [0, 0, 0, LeftOut.FROZEN, LeftOut.FROZEN, LeftOut.JUMP, 0, 0]


def test_a_coarse_place_is_not_frozen_but_the_very_same_fix_is() -> None:
    """10 m from fix to fix, which a place of four decimals may hide."""
    fixes = [each._replace(speed_kmh=36 + n % 2) for n, each in enumerate(straight([36.0] * 9))]
    here = fixes[4]._replace(latitude=fixes[3].latitude, longitude=fixes[3].longitude)
    assert left_out([here if n == 4 else each for n, each in enumerate(fixes)]) == [0] * 8
    again = [fixes[3]._replace(fix_time=each.fix_time) if n == 4 else each for n, each in enumerate(fixes)]
    assert left_out(again) == [0, 0, 0, LeftOut.FROZEN, 0, 0, 0, 0]


def test_who_creeps_or_stands_is_not_frozen() -> None:
    assert not rows(straight([0.0] * 60)).left_out.any()
    creeping = [each._replace(latitude=round(each.latitude, 5)) for each in straight([3.0] * 60)]
    assert not rows(creeping).left_out.any()


def test_a_bad_hdop_spoils_both_sides() -> None:
    fixes = straight([36.0] * 6)
    fixes[2] = fixes[2]._replace(hdop=5.1)
    assert left_out(fixes) == [0, LeftOut.IMPRECISE, LeftOut.IMPRECISE, 0, 0]


@pytest.mark.parametrize(("kmh", "course", "spoiled"), [
    (43.1, 0.0, False), (43.3, 0.0, True), (28.9, 0.0, False), (28.7, 0.0, True),
    (36.0, 11.4, False), (36.0, 11.6, True),
])  # fmt: skip
def test_a_velocity_that_goes_there_and_back_is_a_spike(kmh: float, course: float, spoiled: bool) -> None:
    """36 km/h before and after: 2 m/s there and back is 4 in all."""
    fixes = straight([36.0] * 7)
    fixes[3] = fixes[3]._replace(speed_kmh=kmh, course=course)
    assert left_out(fixes) == [0, 0, *[LeftOut.IMPRECISE * spoiled] * 2, 0, 0]


@pytest.mark.parametrize(("loses", "spoiled"), [(35.2, False), (35.4, True)])
def test_a_velocity_that_stays_may_change_as_gravity_allows(loses: float, spoiled: bool) -> None:
    """9.807 m/s are 35.3 km/h."""
    fixes = straight([90.0] * 3 + [90.0 - loses] * 3)
    assert left_out(fixes) == [0, *[LeftOut.IMPRECISE * spoiled] * 3, 0]


def test_a_start_may_stumble() -> None:
    assert left_out(straight([0.0, 1.0, 11.0, 1.0, 13.0, 24.0])) == [0] * 5


def test_what_is_left_out_is_told_in_whole_seconds() -> None:
    found = rows(driven([(moment, 36.0, 0.0) for moment in (0, 1, 2, 5.4, 6, 7, 10.4, 11)]))
    assert found.lasted_s(found.left_out == LeftOut.SPARSE) == 7
    assert found.show_forces


def test_a_lone_fix_and_two_show_no_forces() -> None:
    for count in (1, 2):
        found = rows([fix(second, 36.0) for second in range(count)])
        assert len(found.index) == count
        assert not found.show_forces
    assert np.array_equal(rows([fix(0, 36.0)]).step_mm, [0])
