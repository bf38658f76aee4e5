"""What Traccar's phone client sends: its units, and what it does not know."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from roadlens.domain import EventType, from_unix_microseconds
from roadlens.telemetry.batch import Reason, Rejected
from roadlens.telemetry.sources.phone import read

COORDS: dict[str, Any] = {
    "latitude": 41.25,
    "longitude": -96.5,
    "accuracy": 12.0,
    "speed": 10.0,
    "speed_accuracy": 0.5,
    "heading": 360.0,
    "heading_accuracy": 1.2,
    "altitude": 312.4,
}


def report(device_id: object = "48241179", coords: object = None, **location: object) -> bytes:
    """A good report with something changed; a value of `...` leaves the field out."""
    given = COORDS | coords if isinstance(coords, dict) else COORDS if coords is None else coords
    if isinstance(given, dict):
        given = {name: value for name, value in given.items() if value is not ...}
    whole = {
        "timestamp": "2026-11-20T14:00:01.250Z",
        "coords": given,
        "is_moving": True,
        "odometer": 51234.5,
        "event": "motionchange",
        "battery": {"level": 0.83, "is_charging": False},
        "activity": {"type": "in_vehicle"},
        "extras": {},
        "_": "&id=48241179&lat=41.25",
    } | location
    fields = {name: value for name, value in whole.items() if value is not ...}
    return json.dumps({"location": fields, "device_id": device_id}).encode()


def test_a_report_is_read_in_our_units() -> None:
    claim, fix = read(report())
    assert claim.unique_id == "48241179"
    assert from_unix_microseconds(fix.fix_time).isoformat() == "2026-11-20T14:00:01.250000+00:00"
    assert (fix.latitude, fix.longitude, fix.speed_kmh, fix.course, fix.hdop) == (41.25, -96.5, 36.0, 0.0, 2.0)
    assert math.isnan(fix.speed_limit_kmh)
    assert (fix.flags, fix.alarms) == (0, 0)


def test_what_is_minus_one_or_missing_is_unknown() -> None:
    for absent in (-1, None, ...):
        _, fix = read(report(coords={"heading": absent, "accuracy": absent}))
        assert math.isnan(fix.course)
        assert math.isnan(fix.hdop)


def test_a_phone_at_rest_need_not_know_its_speed() -> None:
    for unknown in (-1, None, ...):
        assert read(report(coords={"speed": unknown}, is_moving=False))[1].speed_kmh == 0
        with pytest.raises(Rejected) as rejected:
            read(report(coords={"speed": unknown}))
        assert rejected.value.reason is Reason.NOT_VALID


def test_an_alarm_among_the_extras_is_one() -> None:
    assert read(report(extras={"alarm": "phoneCall,sos"}))[1].alarms == EventType.PHONE_USE.bit
    assert read(report(extras=None))[1].alarms == 0


def test_a_report_that_is_sent_again_is_the_same() -> None:
    first = read(report())[1]
    assert read(report(battery={"level": 0.82}, odometer=51234.6))[1] == first
    assert read(report(coords={"speed": 10.1}))[1].digest != first.digest


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (b"", Reason.MALFORMED),
        (b"{", Reason.MALFORMED),
        (report().replace(b"41.25", b"NaN"), Reason.MALFORMED),
        (b"[]", Reason.WRONG_TYPE),
        (b"{}", Reason.WRONG_TYPE),
        (report(device_id=7), Reason.WRONG_TYPE),
        (report(device_id=""), Reason.WRONG_TYPE),
        (report(device_id="a\0b"), Reason.WRONG_TYPE),
        (report(coords=...), Reason.WRONG_TYPE),
        (report(coords={"latitude": ...}), Reason.WRONG_TYPE),
        (report(coords={"latitude": "41.25"}), Reason.WRONG_TYPE),
        (report(timestamp=...), Reason.WRONG_TYPE),
        (report(timestamp="2026-11-20T14:00:01"), Reason.WRONG_TYPE),
        (report(extras={"alarm": 7}), Reason.WRONG_TYPE),
    ],
)
def test_anything_else_is_refused_with_a_reason(record: bytes, why: Reason) -> None:
    with pytest.raises(Rejected) as rejected:
        read(record)
    assert rejected.value.reason is why
    assert rejected.value.detail
