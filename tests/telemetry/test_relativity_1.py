"""The rules that versions of `relativity-1` go on with: each type of event at its threshold, its forces by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from roadlens.domain import EventSource, EventType
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.derive import Event
from roadlens.telemetry.relativity_1 import acceleration, derive, lateral
from roadlens.telemetry.track import Track
from tests.support.alarms import BRAKING, CORNERING, PHONE, SPEEDING, alarmed, second_of
from tests.support.first_schema import FIRST_VERSION
from tests.support.fleet import array, fix


def track(fixes: Sequence[Fix]) -> Track:
    return Track(FIRST_VERSION, array(fixes))


def events(fixes: Sequence[Fix]) -> list[Event]:
    return derive(track(fixes))


def told(fixes: Sequence[Fix]) -> list[tuple[EventType, EventSource]]:
    return [(event.event_type, event.source) for event in events(fixes)]


def cruise(seconds: int, speed: float = 60.0, **other: float) -> list[Fix]:
    return [fix(second, speed, **other) for second in range(seconds)]


def ramp(change_ms2: float, seconds: int = 3, start_kmh: float = 60.0) -> list[Fix]:
    """Ten steady seconds, some of changing speed, ten steady ones."""
    speeds = [start_kmh] * 10 + [start_kmh + 3.6 * change_ms2 * (step + 1) for step in range(seconds)]
    speeds += [speeds[-1]] * 10
    return [fix(second, speed) for second, speed in enumerate(speeds)]


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
    assert second_of(event.worst_us) == 4
    assert event.confidence == FIRST_VERSION.gps_confidence


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
    assert (event.severity, event.confidence) == (8.0, FIRST_VERSION.gps_speeding_confidence)


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


@pytest.mark.parametrize(("alarm", "sources"), [
    (4, ["device", "gps"]), (5, ["device"]), (11, ["device"]), (16, ["device"]), (17, ["device", "gps"]),
])  # fmt: skip
def test_the_devices_alarm_wins_within_five_seconds(alarm: int, sources: list[str]) -> None:
    """By its positions the vehicle brakes at seconds 10 and 11, and half as strongly just before and after."""
    braking = ramp(-3)
    assert [(second_of(event.first_us), second_of(event.last_us)) for event in events(braking)] == [(10, 11)]
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
    assert (second_of(event.first_us), second_of(event.last_us), event.severity) == (3, 5, None)


def test_acceleration_is_the_slope_of_the_speed() -> None:
    speeds = [0.0, 3.6, 10.8, 21.6, 36.0, 36.0]
    found = acceleration(track([fix(second, speed) for second, speed in enumerate(speeds)]))
    assert found[1:-1] == pytest.approx([1.5, 2.5, 3.5, 2.0], abs=1e-6)
    assert np.isnan(found[[0, -1]]).all()


def test_acceleration_is_unknown_beside_a_gap_and_where_the_receiver_is_unsure() -> None:
    seconds = [0, 1, 2, 3, 6, 7, 8]
    assert np.isnan(acceleration(track([fix(second, 10.0 * second) for second in seconds]))).tolist() == [
        True, False, False, True, True, False, True,
    ]  # fmt: skip
    fixes = [fix(second, 10.0 * second, hdop=6 if second == 2 else 5) for second in range(5)]
    assert np.isnan(acceleration(track(fixes))).tolist() == [True, False, True, False, True]


def circle(courses: list[float], speed_kmh: float = 36.0) -> Any:
    return lateral(track([fix(second, speed_kmh, course=course) for second, course in enumerate(courses)]))


def test_lateral_acceleration_is_speed_times_turning() -> None:
    """10 m/s and 10 degrees a second: 10 x pi / 18 m/s²; to the right is positive."""
    assert circle([0, 10, 20, 30])[1:3] == pytest.approx(10 * math.pi / 18)
    assert circle([30, 20, 10, 0])[1:3] == pytest.approx(-10 * math.pi / 18)


@pytest.mark.parametrize("north", [350, 355, 359.9, 0, 5])
def test_a_course_that_passes_north_turns_the_short_way(north: float) -> None:
    courses = [(north + turn) % 360 for turn in (-10, 0, 10, 20)]
    assert circle(courses)[1:3] == pytest.approx(10 * math.pi / 18, rel=1e-5)
    assert circle(courses[::-1])[1:3] == pytest.approx(-10 * math.pi / 18, rel=1e-5)


def test_an_unknown_course_turns_nobody() -> None:
    lateral = circle([90, 90, 90, float("nan"), 90, 90, 90])
    assert np.isnan(lateral[[2, 3, 4]]).all()
    assert lateral[[1, 5]].tolist() == [0, 0]
    assert np.isnan(circle([float("nan")] * 5)).all()


@pytest.mark.parametrize("count", [1, 2])
def test_a_leg_of_very_few_fixes_shows_no_forces(count: int) -> None:
    few = track([fix(second, 36.0, course=90 * second) for second in range(count)])
    assert np.isnan(acceleration(few)).all()
    assert np.isnan(lateral(few)).all()
    assert len(acceleration(few)) == len(lateral(few)) == count
