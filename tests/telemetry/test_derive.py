"""Each type of event; one manoeuvre is one event, and the device knows better than its positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from roadlens.domain import EventSource, EventType, unix_microseconds
from roadlens.scoring.parameters import DEFAULT, Parameters
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.derive import Event, derive, together
from roadlens.telemetry.manoeuvres import Stretch
from roadlens.telemetry.seconds import seconds
from roadlens.telemetry.track import Track
from tests.support.alarms import BRAKING, CORNERING, PHONE, SPEEDING, alarmed, second_of
from tests.support.fleet import NOON, array
from tests.support.wheel import ramp, straight


def events(fixes: Sequence[Fix], parameters: Parameters = DEFAULT) -> list[Event]:
    track = Track(parameters, array(fixes))
    return derive(track, seconds(track))


def told(fixes: Sequence[Fix], parameters: Parameters = DEFAULT) -> list[tuple[EventType, EventSource]]:
    return [(event.event_type, event.source) for event in events(fixes, parameters)]


def cruise(count: int, speed: float = 60.0, **other: float) -> list[Fix]:
    return straight([speed] * count, **other)


def braking() -> list[Fix]:
    """Ten steady seconds, four in which it loses 4 m/s each, ten steady ones."""
    return straight(ramp((10, 0.0), (4, -4.0), (10, 0.0), speed=80.0))


def test_a_steady_drive_has_no_events() -> None:
    assert events(cruise(60)) == []


def test_a_braking_is_one_event_with_its_worst_moment() -> None:
    (event,) = events(braking())
    assert event[:2] == (EventType.HARSH_BRAKING, EventSource.GPS)
    assert 9 <= second_of(event.first_us) <= 11 < second_of(event.worst_us) <= 14 <= second_of(event.last_us)
    assert event.severity == pytest.approx(4.0, abs=0.01)
    assert event.confidence == DEFAULT.gps_braking_confidence


def test_a_braking_that_is_let_go_is_worst_where_it_brakes() -> None:
    """From the 10th second to the 13th it loses 2 m/s each, from then on it gains again."""
    (event,) = events(straight(ramp((10, 0.0), (3, -2.0), (10, 0.5), speed=60.0)))
    assert event.event_type is EventType.HARSH_BRAKING
    assert [second_of(moment) for moment in event[2:5]] == [10, 11, 12]
    assert event.severity == pytest.approx((2.0 + 2 * 2.0 + 2 * 2.0) / 6, abs=0.01)


def test_what_does_not_last_is_none() -> None:
    patient = replace(DEFAULT, manoeuvre_at_least_s=9.0)
    assert events(braking(), patient) == []


def stretch(first: int, last: int, strength: float, severity: float = 3.0) -> Stretch:
    noon = unix_microseconds(NOON)
    return Stretch(noon + first * 1_000_000, noon + last * 1_000_000, noon + last * 1_000_000, strength, severity)


def test_stretches_within_five_seconds_are_one_manoeuvre() -> None:
    near, far = stretch(0, 2, 1.2), stretch(7, 8, 1.5, 4.444)
    (event,) = together(DEFAULT, EventType.HARSH_BRAKING, [], [near, far])
    assert (event.first_us, event.worst_us, event.last_us) == (near.first_us, far.worst_us, far.last_us)
    assert event.severity == 4.44
    assert len(together(DEFAULT, EventType.HARSH_BRAKING, [], [near, stretch(8, 9, 1.5)])) == 2


def test_the_first_of_equals_is_the_worst() -> None:
    first, second = stretch(0, 2, 1.2, 3.1), stretch(4, 6, 1.2, 3.2)
    (event,) = together(DEFAULT, EventType.HARSH_BRAKING, [], [first, second])
    assert (event.worst_us, event.severity) == (first.worst_us, 3.1)


def test_speeding_is_eight_above_the_limit_for_ten_seconds() -> None:
    slow = [50.0] * 20
    limited = {"speed_limit_kmh": 50.0}
    assert told(straight([*slow, *[58.0] * 11], **limited)) == [(EventType.SPEEDING, EventSource.GPS)]
    assert told(straight([*slow, *[58.0] * 10], **limited)) == []
    assert told(straight([*slow, *[57.9] * 11], **limited)) == []
    (event,) = events(straight([*slow, *[58.0] * 11], **limited))
    assert event.severity == pytest.approx(8.0, abs=0.01)
    assert event.confidence == DEFAULT.gps_speeding_confidence


@pytest.mark.parametrize("limit", [float("nan"), 0.0, -1.0, float("inf")])
def test_without_a_limit_it_is_what_no_road_allows(limit: float) -> None:
    """An infinite limit is one that was too great for its column."""
    limited = {"speed_limit_kmh": limit}
    fast = [(EventType.SPEEDING, EventSource.GPS)]
    assert told(cruise(20, 137.9, **limited)) == []
    assert told(cruise(20, 138.0, **limited)) == ([] if limit == float("inf") else fast)


def test_the_administrators_rule_is_a_limit_beside_the_devices() -> None:
    rule = replace(DEFAULT, speed_at_most_kmh=90.0)
    assert told(cruise(20, 99.0), rule) == [(EventType.SPEEDING, EventSource.GPS)]
    assert told(cruise(20, 97.0), rule) == []
    assert told(cruise(20, 99.0, speed_limit_kmh=120.0), rule) == [(EventType.SPEEDING, EventSource.GPS)]
    assert told(cruise(20, 60.0, speed_limit_kmh=50.0), rule) == [(EventType.SPEEDING, EventSource.GPS)]
    (event,) = events(cruise(20, 60.0, speed_limit_kmh=50.0), rule)
    assert event.severity == pytest.approx(10.0, abs=0.01)


def test_speeding_again_within_a_minute_is_the_same_episode() -> None:
    def spells(pause: int) -> int:
        kinds = [kind for kind, _ in told(straight([140.0] * 15 + [130.0] * pause + [140.0] * 15))]
        return kinds.count(EventType.SPEEDING)

    assert (spells(59), spells(60)) == (1, 2)


def test_moments_of_speed_far_apart_are_no_speeding() -> None:
    assert told(straight(([140.0] * 3 + [130.0] * 12) * 6)) == []


def test_sparse_positions_show_speeding_and_no_forces() -> None:
    fixes = straight([60.0, 140.0, 140.0, 140.0, 20.0, 100.0, 20.0], every=10)
    assert told(fixes) == [(EventType.SPEEDING, EventSource.GPS)]


def test_an_alarm_between_whole_seconds_is_heard() -> None:
    fixes = alarmed(straight([60.0] * 200, every=0.1), BRAKING, 123)
    (event,) = events(fixes)
    assert event.worst_us == fixes[123].fix_time


def test_the_devices_alarm_wins_within_five_seconds() -> None:
    (derived,) = events(braking())
    first, last = second_of(derived.first_us), second_of(derived.last_us)
    for alarm, sources in (
        (first - 6, ["device", "gps"]),
        (first - 5, ["device"]),
        (first, ["device"]),
        (last + 5, ["device"]),
        (last + 6, ["device", "gps"]),
    ):
        found = events(alarmed(braking(), BRAKING, alarm))
        assert sorted(event.source for event in found) == sources
        if sources == ["device"]:
            assert 2 <= (found[0].severity or 0) <= 4


def test_an_alarm_of_another_type_leaves_the_derived_event() -> None:
    assert sorted(kind for kind, _ in told(alarmed(braking(), CORNERING, 11))) == [
        EventType.HARSH_BRAKING,
        EventType.HARSH_CORNERING,
    ]


def test_severity_of_speeding_is_km_h_above_the_limit_also_for_an_alarm() -> None:
    (event,) = events(alarmed(cruise(20, 61.5, speed_limit_kmh=50.0), SPEEDING, 3))
    assert event.source is EventSource.DEVICE
    assert event.severity == pytest.approx(11.5, abs=0.01)


def test_phone_use_has_no_severity() -> None:
    (event,) = events(alarmed(cruise(20), PHONE, 3, 4, 5))
    assert (second_of(event.first_us), second_of(event.last_us), event.severity) == (3, 5, None)


def test_a_class_of_vehicles_has_thresholds_of_its_own() -> None:
    """A truck's braking of 2.6 m/s² is harsh, a car's of the same is not."""
    slowing = straight(ramp((10, 0.0), (9, -2.6), (10, 0.0), speed=84.5))
    assert told(slowing) == []
    assert told(slowing, DEFAULT.for_class("Truck ")) == [(EventType.HARSH_BRAKING, EventSource.GPS)]
    assert DEFAULT.for_class("car") is DEFAULT.for_class(None) is DEFAULT
