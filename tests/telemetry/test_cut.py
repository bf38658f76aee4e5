"""Where one trip ends and the next begins: each rule at its threshold, and on either side of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.binary import IGNITION_KNOWN, IGNITION_ON
from roadlens.storage.reads.tracks import Assignment
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.cut import Cut, cut
from tests.support.fleet import NOON, array, fix

OFF, ON, UNKNOWN = IGNITION_KNOWN, IGNITION_KNOWN | IGNITION_ON, 0


def somebody(driver: str = "DRV-1", start: datetime | None = None, end: datetime | None = None) -> Assignment:
    return Assignment(1, driver, "VEH-1", start, end)


def cut_up(fixes: list[Fix], *assignments: Assignment) -> Cut:
    return cut(DEFAULT, array(fixes), assignments or (somebody(),))


def legs(fixes: list[Fix], *assignments: Assignment) -> list[tuple[float, float]]:
    """First and last second of each leg."""
    seconds = [each.fix_time / 1e6 - NOON.timestamp() for each in fixes]
    return [(seconds[leg.start], seconds[leg.stop - 1]) for leg in cut_up(fixes, *assignments).legs]


def moving(*seconds: float, speed: float = 36.0) -> list[Fix]:
    return [fix(second, speed) for second in seconds]


def standing(start: float, end: float, flags: int = UNKNOWN, every: float = 60) -> list[Fix]:
    """Standing fixes from `start` to `end`."""
    count = int((end - start) // every)
    return [fix(start + every * number, flags=flags) for number in range(count)] + [fix(end, flags=flags)]


def test_no_fixes_are_no_legs() -> None:
    assert cut_up([]) == Cut([], None, 0)


def test_a_leg_goes_from_the_last_standing_fix_to_the_first_one() -> None:
    fixes = [*standing(0, 400), *moving(410, 420), *standing(430, 900)]
    assert legs(fixes) == [(400, 430)]


def test_a_leg_may_begin_and_end_in_motion() -> None:
    assert legs(moving(0, 10, 20)) == [(0, 20)]


@pytest.mark.parametrize(("flags", "enough"), [(OFF, 60), (UNKNOWN, 300), (ON, 900)], ids=["off", "unknown", "on"])
def test_how_long_a_stop_lasts_depends_on_the_ignition(flags: int, enough: float) -> None:
    for lasts, found in ((enough, 2), (enough - 0.001, 1)):
        fixes = [*moving(0, 10), *standing(20, 20 + lasts, flags), *moving(30 + lasts, 40 + lasts)]
        assert len(legs(fixes)) == found


def test_one_fix_with_the_ignition_off_makes_a_stop_of_a_minute() -> None:
    fixes = [*moving(0, 10), *standing(20, 80, ON, 20), *moving(90, 100)]
    assert len(legs(fixes)) == 1
    fixes[4] = fixes[4]._replace(flags=OFF)
    assert legs(fixes) == [(0, 20), (80, 100)]


def test_an_ignition_that_is_known_now_and_then_counts_as_unknown() -> None:
    fixes = [*moving(0, 10), *standing(20, 330, ON), *moving(340, 350)]
    assert len(legs(fixes)) == 1
    fixes[4] = fixes[4]._replace(flags=UNKNOWN)
    assert len(legs(fixes)) == 2


def test_silence_of_a_moving_device_ends_a_leg_after_ten_minutes() -> None:
    assert len(legs(moving(0, 10, 609.9, 620))) == 1
    assert legs(moving(0, 10, 610, 620)) == [(0, 10), (610, 620)]


def test_silence_of_a_standing_device_ends_a_leg_after_two_minutes() -> None:
    assert len(legs([*moving(0, 10), fix(20), *moving(139.9, 150)])) == 1
    assert legs([*moving(0, 10), fix(20), *moving(140, 150)]) == [(0, 20), (140, 150)]


@pytest.mark.parametrize(
    ("speed", "seconds", "real"), [(7.9, 9, False), (8.0, 1, True), (3.0, 10, True), (2.9, 60, False)]
)
def test_a_slow_and_short_movement_is_a_receiver_wandering(speed: float, seconds: int, real: bool) -> None:
    fixes = [fix(0), *(fix(1 + second, speed) for second in range(seconds + 1)), fix(seconds + 2)]
    assert legs(fixes) == ([(0, seconds + 2)] if real else [])


def test_wandering_does_not_interrupt_a_stop() -> None:
    fixes = [*moving(0, 10), *standing(20, 170), fix(175, 5), *standing(180, 320), *moving(330, 340)]
    assert legs(fixes) == [(0, 20), (320, 340)]


def test_a_handover_ends_a_leg() -> None:
    handover = NOON + timedelta(seconds=20)
    fixes = moving(0, 10, 20, 30)
    found = cut_up(fixes, somebody("DRV-1", None, handover), somebody("DRV-2", handover))
    assert [(leg.start, leg.stop, leg.assignment.driver_id) for leg in found.legs] == [(0, 2, "DRV-1"), (2, 4, "DRV-2")]


def test_fixes_of_nobody_make_no_leg_and_are_counted() -> None:
    spell = somebody("DRV-1", NOON + timedelta(seconds=10), NOON + timedelta(seconds=30))
    found = cut_up(moving(0, 10, 20, 30, 40), spell)
    assert ([(leg.start, leg.stop) for leg in found.legs], found.unassigned) == ([(1, 3)], 3)
    assert cut(DEFAULT, array(moving(0, 10)), []).unassigned == 2


def settled(fixes: list[Fix]) -> float | None:
    index = cut_up(fixes).settled
    return None if index is None else fixes[index].fix_time / 1e6 - NOON.timestamp()


def test_what_went_before_is_settled_once_the_vehicle_has_stopped() -> None:
    assert settled(moving(0, 10)) is None
    assert settled([*moving(0, 10), *standing(20, 319)]) is None
    assert settled([*moving(0, 10), *standing(20, 320)]) == 320
    assert settled([*moving(0, 10), fix(700)]) == 700
    assert settled(standing(0, 30, every=10)) == 30
    assert settled([*moving(0, 10), *standing(20, 320), fix(325, 5)]) == 320


@pytest.mark.parametrize("known", range(80, 200, 10))
def test_a_window_that_begins_settled_gives_the_legs_of_the_whole(known: int) -> None:
    fixes = [*moving(0, 10), *standing(20, 80, OFF, 7), *moving(90, 100), *standing(110, 200, OFF), *moving(210, 220)]
    before = [each for each in fixes if each.fix_time / 1e6 - NOON.timestamp() <= known]
    start = settled(before)
    rest = fixes if start is None else [each for each in fixes if each.fix_time / 1e6 - NOON.timestamp() >= start]
    assert legs(rest)[-2:] == legs(fixes)[-2:]
