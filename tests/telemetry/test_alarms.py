"""What a device says itself is an event, by the rules of both formulas."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from roadlens.domain import EventSource, EventType
from roadlens.scoring.parameters import DEFAULT
from roadlens.telemetry import derive, relativity_1
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.derive import Event
from roadlens.telemetry.seconds import seconds
from roadlens.telemetry.track import Track
from tests.support.alarms import BRAKING, CORNERING, PHONE, SPEEDING, alarmed, second_of
from tests.support.first_schema import FIRST_VERSION
from tests.support.fleet import array, fix

Derived = Callable[[Sequence[Fix]], list[Event]]


def by_the_first(fixes: Sequence[Fix]) -> list[Event]:
    return relativity_1.derive(Track(FIRST_VERSION, array(fixes)))


def by_the_second(fixes: Sequence[Fix]) -> list[Event]:
    track = Track(DEFAULT, array(fixes))
    return derive.derive(track, seconds(track))


by_both = pytest.mark.parametrize("derived", [by_the_first, by_the_second])


def cruise(count: int, speed: float = 60.0) -> list[Fix]:
    return [fix(second, speed) for second in range(count)]


@by_both
def test_an_alarm_is_an_event_where_positions_show_nothing(derived: Derived) -> None:
    assert DEFAULT.device_confidence == FIRST_VERSION.device_confidence
    (event,) = derived(alarmed(cruise(30), BRAKING, 12))
    assert event[:2] == (EventType.HARSH_BRAKING, EventSource.DEVICE)
    assert [second_of(moment) for moment in event[2:5]] == [12, 12, 12]
    assert (event.severity, event.confidence) == (None, DEFAULT.device_confidence)


@by_both
def test_several_alarms_of_one_moment_are_several_events(derived: Derived) -> None:
    found = derived(alarmed(cruise(30), BRAKING | CORNERING | PHONE, 12))
    assert [(event.event_type, event.source) for event in found] == [
        (EventType.HARSH_BRAKING, EventSource.DEVICE),
        (EventType.HARSH_CORNERING, EventSource.DEVICE),
        (EventType.PHONE_USE, EventSource.DEVICE),
    ]


@by_both
@pytest.mark.parametrize(("mask", "margin"), [(BRAKING, 5), (CORNERING, 5), (PHONE, 60), (SPEEDING, 60)])
def test_an_alarm_repeated_soon_is_the_same_event(derived: Derived, mask: int, margin: int) -> None:
    fixes = cruise(200, 50)
    assert len(derived(alarmed(fixes, mask, 10, 10 + margin, 10 + 2 * margin))) == 1
    assert len(derived(alarmed(fixes, mask, 10, 11 + margin))) == 2
