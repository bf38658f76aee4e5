"""What devices do wrong makes no event, whatever the drive: gaps, jumps, frozen places, clocks that go back, noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.binary import Positions
from roadlens.storage.reads.tracks import Assignment
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.cut import cut
from roadlens.telemetry.formulas import find
from roadlens.telemetry.steps import one_a_moment
from roadlens.telemetry.sums import Sums
from roadlens.telemetry.track import Track
from tests.support.fleet import NOON, array
from tests.support.wheel import Sample, driven, ramp, straight

SOMEBODY = [Assignment(1, "DRV-1", "VEH-1", None, None)]


def found(fixes: Sequence[Fix], assignments: Sequence[Assignment] = SOMEBODY) -> tuple[list[str], list[Sums]]:
    """The types of the events of all legs, and the sums of those that are trips."""
    positions: Positions = array(fixes)
    positions.sort(order=["fix_time", "digest"])
    positions = one_a_moment(positions)
    legs = cut(DEFAULT, positions, assignments).legs
    each = [find(Track(DEFAULT, positions[leg.start : leg.stop]), UTC) for leg in legs]
    return [event.event_type for leg in each for event in leg.events], [leg.sums for leg in each if leg.sums]


def calm(seconds: int = 300, every: float = 1.0) -> list[Sample]:
    """A town drive by a patient driver: speed and course are waves of less than 0.6 m/s² each way."""
    moments = np.arange(0, seconds, every)
    speeds = 50 + 12 * np.sin(moments / 8) + 5 * np.sin(moments / 23)
    courses = 40 * np.sin(moments / 30)
    return [(float(moment), float(s), float(c)) for moment, s, c in zip(moments, speeds, courses, strict=True)]


def left_out(sums: Sums) -> dict[str, int | None]:
    return {name: value for name, value in sums._asdict().items() if name in REASONS and value}


REASONS = ("gap_s", "jump_s", "frozen_s", "sparse_s", "imprecise_s")


def test_a_calm_drive_shows_nothing_and_leaves_nothing_out() -> None:
    kinds, (sums,) = found(driven(calm()))
    assert kinds == []
    assert left_out(sums) == {}


@pytest.mark.parametrize(
    ("every", "sparse_s"),
    [(0.1, 0), (0.2, 0), (0.5, 0), (1.0, 0), (1.25, 0), (1.5, 299), (2.0, 298), (2.5, 298), (5.0, 295), (10.0, 290)],
)
def test_whatever_the_rate_of_the_device(every: float, sparse_s: int) -> None:
    """Forces are told from devices that send once a second; what is not looked at for them counts as left out."""
    kinds, (sums,) = found(driven(calm(every=every)))
    assert kinds == []
    assert left_out(sums) == ({"sparse_s": sparse_s} if sparse_s else {})


def test_a_spell_of_every_other_second_is_left_out_but_for_where_a_window_reaches_into_it() -> None:
    """Windows bear one missing fix: the interval on either side of the spell is in one with a second that is not."""
    drive = driven(calm(60))
    one, spell = drive[:30] + drive[31:], [each for second, each in enumerate(drive) if second not in (30, 32, 34, 36)]
    for fixes, sparse_s in ((one, 0), (spell, 4)):
        kinds, (sums,) = found(fixes)
        assert (kinds, sums.sparse_s) == ([], sparse_s)


def test_a_gap() -> None:
    fixes = [each for second, each in enumerate(driven(calm())) if not 100 <= second < 140]
    kinds, (sums,) = found(fixes)
    assert kinds == []
    assert left_out(sums) == {"gap_s": 41}


def test_a_tunnel_after_which_the_receiver_finds_itself_elsewhere_and_faster() -> None:
    before, behind = driven(calm(100)), driven([(second, 95.0, 0.0) for second in range(145, 245)])
    kinds, (sums,) = found([*before, *(each._replace(latitude=each.latitude + 0.02) for each in behind)])
    assert kinds == []
    assert left_out(sums) == {"gap_s": 46}


def test_a_tunnel_in_which_the_receiver_repeats_its_last_fix() -> None:
    fixes = driven(calm())
    stuck = [fixes[100]._replace(fix_time=each.fix_time) if 100 < n < 130 else each for n, each in enumerate(fixes)]
    kinds, (sums,) = found(stuck)
    assert kinds == []
    assert left_out(sums) == {"frozen_s": 29, "jump_s": 1}


def test_a_frozen_place_whose_speed_is_noise() -> None:
    fixes = driven(calm())
    noise = np.random.default_rng(1).uniform(20, 90, 30)
    stuck = [
        each._replace(latitude=fixes[100].latitude, longitude=fixes[100].longitude, speed_kmh=float(noise[n - 101]))
        if 100 < n < 130
        else each
        for n, each in enumerate(fixes)
    ]
    kinds, (sums,) = found(stuck)
    assert kinds == []
    assert (sums.frozen_s or 0) + (sums.jump_s or 0) == 30


def test_a_frozen_speed_above_the_limit_is_no_speeding() -> None:
    fixes = driven([(second, 150.0 if second > 100 else 100.0, 0.0) for second in range(101)])
    fast = fixes[-1]._replace(speed_kmh=150.0)
    stuck = [*fixes, *(fast._replace(fix_time=fast.fix_time + second * 1_000_000) for second in range(1, 60))]
    kinds, (sums,) = found(stuck)
    assert kinds == []
    assert (sums.speeding_s, sums.speeding_m) == (0, 0)


@pytest.mark.parametrize("kilometres", [0.05, 1.0, 5000.0])
def test_a_jump_there_and_back(kilometres: float) -> None:
    fixes = driven(calm())
    for n in range(100, 110):
        fixes[n] = fixes[n]._replace(latitude=fixes[n].latitude - kilometres / 111.195)
    kinds, (sums,) = found(fixes)
    assert kinds == []
    assert left_out(sums) == {"jump_s": 2}


@pytest.mark.parametrize("back_s", [3, 10, 60, 3600])
def test_a_clock_that_goes_back(back_s: int) -> None:
    """From the 200th second on it tells times that it has told before, half a second off or not."""
    for off in (0, 500_000):
        fixes = driven(calm())
        late = [each._replace(fix_time=each.fix_time - back_s * 1_000_000 + off, digest=1) for each in fixes[200:]]
        kinds, _ = found([*fixes[:200], *late])
        assert kinds == []


def test_a_device_that_is_moved_to_another_vehicle_in_mid_trip() -> None:
    handover = NOON + timedelta(seconds=150)
    first, second = (driven([(s, speed, course) for s in range(300)]) for speed, course in ((45.0, 0.0), (90.0, 90.0)))
    fixes = [*first[:150], *(each._replace(latitude=41.5) for each in second[150:])]
    hands = [Assignment(1, "A", "V-1", None, handover), Assignment(1, "B", "V-2", handover, None)]
    kinds, sums = found(fixes, hands)
    assert kinds == []
    assert len(sums) == 2
    kinds, (one,) = found(fixes)
    assert kinds == []
    assert left_out(one) == {"jump_s": 1}


def test_two_devices_under_one_name() -> None:
    """Each second one of both, a hundred kilometres apart."""
    first, second = driven(calm()), driven([(s, 90.0, 0.0) for s in range(300)])
    both = [first[n] if n % 2 else second[n]._replace(latitude=second[n].latitude + 1) for n in range(300)]
    kinds, (sums,) = found(both)
    assert kinds == []
    assert left_out(sums) == {"jump_s": 299}


def test_a_few_fixes_between_two_jumps_are_no_burst() -> None:
    """Four speeds of another vehicle, gaining as hard as those of a tracker that sends around a manoeuvre."""
    fixes = driven(calm())
    for n, speed in enumerate([6.0, 20.0, 31.0, 44.0], 114):
        fixes[n] = fixes[n]._replace(speed_kmh=speed, latitude=fixes[n].latitude + 1)
    kinds, (sums,) = found(fixes)
    assert kinds == []
    assert left_out(sums) == {"jump_s": 2, "sparse_s": 3}


def test_a_missing_fix_makes_no_acceleration_sudden() -> None:
    """It rises by half a metre per second squared each second: by 1.5 in three, by 2 in four."""
    forces = [0.0] * 8 + [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 1.5, 1.5, 1.0] + [0.0] * 8
    fixes = straight(ramp(*((1, force) for force in forces), speed=60.0))
    for missing in range(5, 20):
        assert found(fixes[:missing] + fixes[missing + 1 :])[0] == []


def test_fixes_that_the_receiver_does_not_trust() -> None:
    fixes = driven(calm())
    noise = np.random.default_rng(2).uniform(0, 120, 20)
    for n in range(100, 120):
        fixes[n] = fixes[n]._replace(speed_kmh=float(noise[n - 100]), hdop=20.0)
    kinds, (sums,) = found(fixes)
    assert kinds == []
    assert left_out(sums) == {"imprecise_s": 21}


@pytest.mark.parametrize("speed", [0.0, 30.0, 75.0, 110.0, 300.0])
def test_a_speed_that_is_wrong_once(speed: float) -> None:
    for n in (100, 104, 117, 131):
        fixes = driven(calm())
        fixes[n] = fixes[n]._replace(speed_kmh=speed)
        assert found(fixes)[0] == []


@pytest.mark.parametrize("course", [float("nan"), 0.0, 90.0, 180.0, 270.0])
def test_a_course_that_is_wrong_once_or_always_unknown(course: float) -> None:
    for n in (100, 117, 131):
        fixes = driven(calm())
        fixes[n] = fixes[n]._replace(course=course)
        assert found(fixes)[0] == []
    assert found([each._replace(course=float("nan")) for each in driven(calm())])[0] == []


Damage = Callable[[list[Fix], int, int], list[Fix]]


def _without(fixes: list[Fix], start: int, length: int) -> list[Fix]:
    return fixes[:start] + fixes[start + length :]


def _moved(fixes: list[Fix], start: int, length: int) -> list[Fix]:
    return [
        each._replace(latitude=each.latitude + 0.3) if start <= n < start + length else each
        for n, each in enumerate(fixes)
    ]


def _stuck(fixes: list[Fix], start: int, length: int) -> list[Fix]:
    last = fixes[start]
    return [
        last._replace(fix_time=each.fix_time) if start < n < start + length else each for n, each in enumerate(fixes)
    ]


def _unsure(fixes: list[Fix], start: int, length: int) -> list[Fix]:
    return [each._replace(hdop=9.0) if start <= n < start + length else each for n, each in enumerate(fixes)]


def _back(fixes: list[Fix], start: int, length: int) -> list[Fix]:
    return fixes[:start] + [each._replace(fix_time=each.fix_time - length * 1_000_000) for each in fixes[start:]]


@st.composite
def patient_drives(draw: st.DrawFn) -> list[Fix]:
    """A drive whose speed and course change slowly, in waves of any length."""
    mean, phase = draw(st.floats(35, 110)), draw(st.floats(0, 6))
    waves = draw(st.lists(st.tuples(st.floats(6, 60), st.floats(0, 0.3)), min_size=1, max_size=2))
    turning, round_in = draw(st.floats(0, 0.35)), draw(st.floats(15, 90))
    samples = []
    for second in range(150):
        speed = mean + sum(3.6 * force * length * np.sin(second / length + phase) for length, force in waves)
        course = np.degrees(turning / (mean / 3.6) * round_in) * np.sin(second / round_in)
        samples.append((float(second), max(speed, 20.0), float(course)))
    return driven(samples)


@given(patient_drives())
@settings(max_examples=60, deadline=None)
def test_no_patient_drive_has_an_event(fixes: list[Fix]) -> None:
    assert [kind for kind in found(fixes)[0] if kind != "speeding"] == []


@given(
    patient_drives(),
    st.lists(
        st.tuples(st.sampled_from([_without, _moved, _stuck, _unsure, _back]), st.integers(5, 120), st.integers(1, 25)),
        min_size=1,
        max_size=3,
    ),
)
@settings(max_examples=150, deadline=None)
def test_no_damage_makes_one(fixes: list[Fix], damages: list[tuple[Damage, int, int]]) -> None:
    before = [kind for kind in found(fixes)[0] if kind != "speeding"]
    for damage, start, length in damages:
        fixes = damage(fixes, min(start, len(fixes) - 3), length)
    assert before == [kind for kind in found(fixes)[0] if kind != "speeding"] == []
