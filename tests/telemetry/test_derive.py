"""Each type of event at its threshold; one manoeuvre is one event, and the device knows better than its positions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from roadlens.domain import EventSource, EventType
from roadlens.scoring.parameters import DEFAULT
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.derive import Event, derive
from roadlens.telemetry.track import Track
from tests.support.fleet import array, fix

BRAKING, CORNERING, PHONE, SPEEDING = (
    kind.bit for kind in (EventType.HARSH_BRAKING, EventType.HARSH_CORNERING, EventType.PHONE_USE, EventType.SPEEDING)
)


def events(fixes: Sequence[Fix]) -> list[Event]:
    return derive(Track(DEFAULT, array(fixes)))


def told(fixes: Sequence[Fix]) -> list[tuple[EventType, EventSource]]:
    return [(event.event_type, event.source) for event in events(fixes)]


def cruise(seconds: int, speed: float = 60.0, **other: float) -> list[Fix]:
    return [fix(second, speed, **other) for second in range(seconds)]


def ramp(change_ms2: float, seconds: int = 3, start_kmh: float = 60.0) -> list[Fix]:
    """Ten steady seconds, some of changing speed, ten steady ones."""
    speeds = [start_kmh] * 10 + [start_kmh + 3.6 * change_ms2 * (step + 1) for step in range(seconds)]
    speeds += [speeds[-1]] * 10
    return [fix(second, speed) for second, speed in enumerate(speeds)]


def alarmed(fixes: list[Fix], mask: int, *seconds: int) -> list[Fix]:
    return [each._replace(alarms=each.alarms | mask) if index in seconds else each for index, each in enumerate(fixes)]


def test_a_steady_drive_has_no_events() -> None:
    assert events(cruise(60, course=359.0)) == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [(-2.21, EventType.HARSH_BRAKING), (2.61, EventType.RAPID_ACCELERATION), (-2.19, None), (2.59, None)],
)
def test_a_change_of_speed_is_harsh_from_its_threshold_on(change: float, kind: EventType | None) -> None:
    assert told(ramp(change)) == ([] if kind is None else [(kind, EventSource.GPS)])


def test_severity_is_the_strongest_deceleration_and_the_moment_that_of_it() -> None:
    fixes = [fix(second, speed) for second, speed in enumerate([70, 70, 70, 61, 52, 40, 33, 33, 33])]
    (event,) = events(fixes)
    assert event.severity == pytest.approx((61 - 40) / 2 / 3.6, abs=0.005)
    assert event.worst == 4
    assert event.confidence == DEFAULT.gps_confidence


def bend(degrees_a_second: float, speed: float) -> list[Fix]:
    courses = [0.0] * 5 + [degrees_a_second * step for step in range(1, 5)] + [degrees_a_second * 4] * 5
    return [fix(second, speed, course=course % 360) for second, course in enumerate(courses)]


def test_a_bend_is_harsh_by_its_lateral_acceleration_to_either_side() -> None:
    """At 50 km/h, 13.89 m/s: 8.67 degrees a second are 2.1 m/s²."""
    for degrees, count in ((8.7, 1), (-8.7, 1), (8.6, 0), (-8.6, 0)):
        assert told(bend(degrees, 50)) == [(EventType.HARSH_CORNERING, EventSource.GPS)] * count


def test_turning_on_the_spot_is_no_harsh_bend() -> None:
    assert told(bend(60, 14.9)) == []
    assert told(bend(60, 15.0)) == [(EventType.HARSH_CORNERING, EventSource.GPS)]


def test_sparse_positions_show_no_forces() -> None:
    assert events([fix(3 * second, speed) for second, speed in enumerate([0, 60, 0, 60, 0, 60])]) == []


def test_speeding_is_eight_above_the_limit_for_ten_seconds() -> None:
    limited = {"speed_limit_kmh": 50.0}
    slow = cruise(20, 50, **limited)
    fast = [fix(20 + second, 58.0, **limited) for second in range(11)]
    assert told([*slow, *fast]) == [(EventType.SPEEDING, EventSource.GPS)]
    assert told([*slow, *fast[:10]]) == []
    assert told([*slow, *(each._replace(speed_kmh=57.9) for each in fast)]) == []
    (event,) = events([*slow, *fast])
    assert (event.severity, event.confidence) == (8.0, DEFAULT.gps_speeding_confidence)


@pytest.mark.parametrize("limit", [float("nan"), 0.0, -1.0, float("inf")])
def test_without_a_limit_it_is_what_no_road_allows(limit: float) -> None:
    """An infinite limit is one that was too great for its column."""
    limited = {"speed_limit_kmh": limit}
    fast = EventSource.GPS, EventType.SPEEDING
    assert told(cruise(20, 137.9, **limited)) == []
    assert [event[1::-1] for event in events(cruise(20, 138.0, **limited))] == ([] if limit == float("inf") else [fast])


def test_speeding_again_within_a_minute_is_the_same_episode() -> None:
    def spells(pause: int) -> int:
        speeds = [140.0] * 15 + [100.0] * pause + [140.0] * 15
        kinds = [kind for kind, _ in told([fix(second, speed) for second, speed in enumerate(speeds)])]
        return kinds.count(EventType.SPEEDING)

    assert (spells(59), spells(60)) == (1, 2)


def test_an_alarm_is_an_event_where_positions_show_nothing() -> None:
    (event,) = events(alarmed(cruise(30), BRAKING, 12))
    assert event == (
        EventType.HARSH_BRAKING, EventSource.DEVICE, 12, 12, 12, None, DEFAULT.device_confidence,
    )  # fmt: skip


def test_several_alarms_of_one_moment_are_several_events() -> None:
    assert told(alarmed(cruise(30), BRAKING | CORNERING | PHONE, 12)) == [
        (EventType.HARSH_BRAKING, EventSource.DEVICE),
        (EventType.HARSH_CORNERING, EventSource.DEVICE),
        (EventType.PHONE_USE, EventSource.DEVICE),
    ]


@pytest.mark.parametrize(("mask", "margin"), [(BRAKING, 5), (CORNERING, 5), (PHONE, 60), (SPEEDING, 60)])
def test_an_alarm_repeated_soon_is_the_same_event(mask: int, margin: int) -> None:
    fixes = cruise(200, 50)
    assert len(events(alarmed(fixes, mask, 10, 10 + margin, 10 + 2 * margin))) == 1
    assert len(events(alarmed(fixes, mask, 10, 11 + margin))) == 2


@pytest.mark.parametrize(("alarm", "sources"), [
    (4, ["device", "gps"]), (5, ["device"]), (11, ["device"]), (16, ["device"]), (17, ["device", "gps"]),
])  # fmt: skip
def test_the_devices_alarm_wins_within_five_seconds(alarm: int, sources: list[str]) -> None:
    """By its positions the vehicle brakes at seconds 10 and 11, and half as strongly just before and after."""
    braking = ramp(-3)
    assert [(event.first, event.last) for event in events(braking)] == [(10, 11)]
    found = events(alarmed(braking, BRAKING, alarm))
    assert sorted(event.source for event in found) == sources
    (device,) = (event for event in found if event.source is EventSource.DEVICE)
    assert device.severity == (3.0 if 5 <= alarm <= 16 else 1.5)


def test_an_alarm_of_another_type_leaves_the_derived_event() -> None:
    assert [kind for kind, _ in told(alarmed(ramp(-3), CORNERING, 11))] == [
        EventType.HARSH_BRAKING,
        EventType.HARSH_CORNERING,
    ]


def test_severity_of_speeding_is_km_h_above_the_limit_also_for_an_alarm() -> None:
    fixes = alarmed(cruise(20, 61.5, speed_limit_kmh=50.0), SPEEDING, 3)
    (event,) = events(fixes)
    assert (event.source, event.severity) == (EventSource.DEVICE, 11.5)


def test_phone_use_has_no_severity() -> None:
    (event,) = events(alarmed(cruise(20), PHONE, 3, 4, 5))
    assert (event.first, event.last, event.severity) == (3, 5, None)
