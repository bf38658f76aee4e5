"""Whose what is driven above the limit is: each metre one event's at most, and all of them together the trip's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadlens.domain import EventSource, EventType, unix_microseconds
from roadlens.scoring.parameters import DEFAULT, FORMULA_1, Parameters
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.derive import Event
from roadlens.telemetry.excess import excess, shares
from roadlens.telemetry.formulas import find
from roadlens.telemetry.sums import Sums
from roadlens.telemetry.track import Track
from tests.support.fleet import NOON, array
from tests.support.odd_drives import odd_drive
from tests.support.wheel import straight

SPEEDING = EventType.SPEEDING
FAST, SLOW = 72.0, 50.0  # 20 m/s, where 50 km/h are allowed
BERLIN = ZoneInfo("Europe/Berlin")
FIRST = replace(DEFAULT, formula=FORMULA_1, classes=())


def spells(*spells: tuple[int, float]) -> list[Fix]:
    """So many seconds at each speed."""
    return straight([speed for seconds, speed in spells for _ in range(seconds)], speed_limit_kmh=50.0)


def alarmed(fixes: Sequence[Fix], *at: int) -> list[Fix]:
    return [each._replace(alarms=SPEEDING.bit) if place in at else each for place, each in enumerate(fixes)]


def found(fixes: Sequence[Fix], parameters: Parameters = DEFAULT) -> tuple[Sums, list[Event]]:
    sums, events = _found(Track(parameters, array(fixes)))
    return sums, events


def _found(track: Track) -> tuple[Sums, list[Event]]:
    told = find(track, BERLIN)
    assert told.sums is not None
    return told.sums, [event for event in told.events if event.event_type is SPEEDING]


def share(event: Event) -> tuple[int | None, int | None]:
    return event.speeding_m, event.speeding_s


def second_of(moment_us: int) -> int:
    return (moment_us - unix_microseconds(NOON)) // 1_000_000


def test_an_event_has_what_is_above_the_limit_in_it() -> None:
    sums, (one, two) = found(spells((20, SLOW), (15, FAST), (90, SLOW), (30, FAST), (20, SLOW)))
    # The first interval of each is driven at 61 km/h on average, the others at 72.
    assert [share(one), share(two)] == [(297, 15), (597, 30)]
    assert (sums.speeding_m, sums.speeding_s) == (894, 45)


def test_what_is_too_short_belongs_to_the_event_that_it_is_near_to() -> None:
    """Five seconds are no event. 59 s behind one they are part of it; a minute and more away they are nobody's."""
    sums, (event,) = found(spells((20, SLOW), (15, FAST), (58, SLOW), (2, FAST), (40, SLOW)))
    assert share(event) == (sums.speeding_m, sums.speeding_s) == (334, 17)
    sums, (event,) = found(spells((20, SLOW), (15, FAST), (61, SLOW), (5, FAST), (40, SLOW)))
    assert (share(event), sums.speeding_m, sums.speeding_s) == ((297, 15), 394, 20)


def test_what_is_too_short_and_far_from_any_is_nobodys() -> None:
    sums, events = found(spells((20, SLOW), (9, FAST), (20, SLOW)))
    assert (events, sums.speeding_m) == ([], 177)


def test_an_alarm_has_all_that_the_positions_show_where_it_takes_their_place() -> None:
    """It is raised once, in the first of three stretches that hang together for more than two minutes."""
    drive = spells((20, SLOW), (40, FAST), (50, SLOW), (20, FAST), (50, SLOW), (20, FAST), (20, SLOW))
    _, (derived,) = found(drive)
    sums, (alarm,) = found(alarmed(drive, 22))
    assert (alarm.source, second_of(alarm.first_us), second_of(alarm.last_us)) == (EventSource.DEVICE, 22, 22)
    assert share(alarm) == share(derived) == (sums.speeding_m, sums.speeding_s)


def test_of_several_alarms_in_a_stretch_each_has_what_is_nearest() -> None:
    drive = spells((20, SLOW), (200, FAST), (20, SLOW))
    sums, (one, two) = found(alarmed(drive, 40, 140))
    # From the 20th second to the 90th, which is as near to either, and from there to the 219th.
    assert [share(one), share(two)] == [(1417, 71), (2580, 129)]
    assert sums.speeding_m == 1417 + 2580


def test_an_alarm_where_nothing_is_above_the_limit_has_nothing() -> None:
    _, (event,) = found(alarmed(spells((60, SLOW)), 30))
    assert share(event) == (0, 0)


def test_limits_of_the_device_and_of_the_class_over_the_same_seconds_count_once() -> None:
    """The rule allows 60; the device, for half of the way, 50; an alarm says so as well."""
    drive = straight([SLOW] * 20 + [FAST] * 40 + [SLOW] * 20)
    drive = [each._replace(speed_limit_kmh=50.0) if place >= 40 else each for place, each in enumerate(drive)]
    ruled = replace(DEFAULT, speed_at_most_kmh=60.0)
    for told in (drive, alarmed(drive, 30, 31, 50)):
        sums, (event,) = found(told, ruled)
        assert share(event) == (sums.speeding_m, sums.speeding_s) == (797, 40)


def test_no_other_type_has_any() -> None:
    fixes = [each._replace(alarms=31 & ~SPEEDING.bit) for each in spells((20, SLOW), (20, FAST))]
    events = find(Track(DEFAULT, array(fixes)), BERLIN).events
    assert {event.speeding_m for event in events if event.event_type is not SPEEDING} == {None}
    assert len(events) == 5


@pytest.mark.parametrize("parameters", [DEFAULT, FIRST], ids=lambda each: each.formula)
def test_shares_are_never_more_than_the_trip_has(parameters: Parameters) -> None:
    chance = np.random.default_rng(3)
    lenient = replace(parameters, trip_at_least_m=0.0, speed_limit_otherwise_kmh=60.0)
    seen = 0
    for _ in range(150):
        sums, events = _found(Track(lenient, odd_drive(chance)))
        metres = [event.speeding_m for event in events]
        assert all(each is not None and each >= 0 for each in metres)
        assert sum(each or 0 for each in metres) <= sums.speeding_m
        seen += len(events)
        if sums.speeding_s is None:
            assert {event.speeding_s for event in events} <= {None}
        else:
            assert sum(event.speeding_s or 0 for event in events) <= sums.speeding_s
    assert seen > 50


def test_by_the_first_formula_one_event_has_all_metres_of_its_trip() -> None:
    sums, (event,) = found(spells((20, SLOW), (33, FAST), (20, SLOW)), FIRST)
    assert share(event) == (sums.speeding_m, None)
    assert sums.speeding_m > 600


INTERVALS = st.lists(st.tuples(st.integers(1, 90), st.integers(0, 60_000), st.integers(0, 20)), max_size=40)


@given(INTERVALS, st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 100)), max_size=5))
def test_metres_belong_once_to_the_nearest(intervals: list[tuple[int, int, int]], told: list[tuple[int, int]]) -> None:
    """Against the rule, interval by interval."""
    steps = np.array(intervals, dtype=np.int64).reshape(-1, 3)
    at_us = np.cumsum(steps[:, 0])
    over = excess(at_us, steps[:, 1], steps[:, 2] * 1_000_000)
    assert over.seconds is not None
    assert over.metres.sum() == (steps[:, 1].sum() + 500) // 1000
    spans = sorted((first, first + lasted) for first, lasted in told)
    groups = [span for place, span in enumerate(spans) if place % 2]
    margin = 60
    expected = [[0, 0] for _ in spans]
    for at, metres, seconds in zip(at_us.tolist(), over.metres.tolist(), over.seconds.tolist(), strict=True):
        reached = [
            (_away(at, span), place)
            for place, span in enumerate(spans)
            if _away(at, span) <= margin
            or any(_touch(span, group, margin) and _away(at, group) <= margin for group in groups)
        ]
        if reached:
            place = min(reached)[1]
            expected[place][0] += metres
            expected[place][1] += seconds
    assert [list(each) for each in shares(over, spans, groups, margin)] == expected


def _away(at: int, span: tuple[int, int]) -> int:
    return max(0, span[0] - at, at - span[1])


def _touch(one: tuple[int, int], other: tuple[int, int], margin: int) -> bool:
    return one[0] - margin <= other[1] and other[0] <= one[1] + margin
