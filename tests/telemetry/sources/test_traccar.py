"""Traccar's forwards: what is read of them, and that nothing a device or a network can send is more than rejected."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roadlens.domain import EventType, from_unix_microseconds
from roadlens.storage.binary import IGNITION_KNOWN, IGNITION_ON
from roadlens.telemetry.batch import Batch, Reason, Rejected
from roadlens.telemetry.sources.traccar import read, read_event
from roadlens.telemetry.validate import judge
from tests.support.fleet import NOON

POSITION: dict[str, Any] = {
    "id": 0,
    "fixTime": "2019-05-20T14:00:01.250+00:00",
    "latitude": 41.25,
    "longitude": -96.5,
    "speed": 10.0,
    "course": 90.0,
    "valid": True,
    "attributes": {},
}
DEVICE: dict[str, Any] = {"id": 1, "uniqueId": "867"}


def forward(attributes: object = None, device: object = None, **position: object) -> bytes:
    """A good forward with something changed; a value of `...` leaves the field out."""
    changed = POSITION | position | ({} if attributes is None else {"attributes": attributes})
    fields = {name: value for name, value in changed.items() if value is not ...}
    return json.dumps({"position": fields, "device": DEVICE if device is None else device}).encode()


def reason(record: bytes) -> tuple[Reason, str]:
    with pytest.raises(Rejected) as rejected:
        read(record)
    return rejected.value.reason, rejected.value.detail


def test_a_forward_is_read_in_our_units() -> None:
    claim, fix = read(forward({"speedLimit": 30, "hdop": 0.8}))
    assert claim.unique_id == "867"
    assert from_unix_microseconds(fix.fix_time).isoformat() == "2019-05-20T14:00:01.250000+00:00"
    assert (fix.latitude, fix.longitude, fix.speed_kmh, fix.course) == (41.25, -96.5, 18.52, 90.0)
    assert [fix.speed_limit_kmh, fix.hdop] == pytest.approx([55.56, 0.8])


def test_what_is_null_or_missing_is_unknown() -> None:
    for record in (forward({"hdop": None}, course=None), forward(course=..., attributes=None, speed=...)):
        _, fix = read(record)
        assert math.isnan(fix.course)
        assert math.isnan(fix.hdop)
        assert math.isnan(fix.speed_limit_kmh)
        assert (fix.flags, fix.alarms) == (0, 0)
    assert read(forward(attributes=None, speed=...))[1].speed_kmh == 0
    assert read(forward().replace(b'"attributes": {}', b'"attributes": null'))[1].alarms == 0


@pytest.mark.parametrize(
    ("alarm", "types"),
    [
        ("hardBraking", {EventType.HARSH_BRAKING}),
        ("hardAcceleration", {EventType.RAPID_ACCELERATION}),
        ("hardBraking,overspeed", {EventType.HARSH_BRAKING, EventType.SPEEDING}),
        (" hardCornering , hardBraking ,", {EventType.HARSH_CORNERING, EventType.HARSH_BRAKING}),
        ("hardBraking,hardBraking", {EventType.HARSH_BRAKING}),
        ("sos,phoneCall,towing", {EventType.PHONE_USE}),
        ("sos", set()),
        ("", set()),
        (None, set()),
    ],
)
def test_alarms_of_one_string_are_told_apart(alarm: str | None, types: set[EventType]) -> None:
    assert read(forward({"alarm": alarm}))[1].alarms == sum(kind.bit for kind in types)


@pytest.mark.parametrize(
    ("ignition", "flags"), [(True, IGNITION_KNOWN | IGNITION_ON), (False, IGNITION_KNOWN), (None, 0)]
)
def test_ignition_is_on_off_or_unknown(ignition: bool | None, flags: int) -> None:
    assert read(forward({"ignition": ignition}))[1].flags == flags


def test_the_digest_tells_what_was_measured_and_nothing_else() -> None:
    plain = read(forward({"a": 1, "b": 2}))[1]
    assert read(forward({"b": 2, "a": 1}, id=7, serverTime="2020-01-01T00:00:00Z"))[1].digest == plain.digest
    others = [{"a": 1, "b": 3}, {"a": 1}, {"a": 1, "b": 2, "alarm": "sos"}]
    digests = {read(forward(other))[1].digest for other in others} | {plain.digest}
    assert len(digests) == 4
    assert all(-(2**63) <= digest < 2**63 for digest in digests)


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (b"", Reason.MALFORMED),
        (b"{", Reason.MALFORMED),
        (b"\xff\xfe", Reason.MALFORMED),
        (forward(device=DEVICE | {"name": "?"}).replace(b"?", b"\xff"), Reason.MALFORMED),
        (b"[" * 100_000, Reason.WRONG_TYPE),
        (forward().replace(b'{"id"', b'{"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b', "id"', 1), Reason.MALFORMED),
        (forward().replace(b"41.25", b"NaN"), Reason.MALFORMED),
        (forward().replace(b"41.25", b"Infinity"), Reason.MALFORMED),
        (b"null", Reason.WRONG_TYPE),
        (b"{}", Reason.WRONG_TYPE),
        (forward(latitude="41.25"), Reason.WRONG_TYPE),
        (forward(latitude=...), Reason.WRONG_TYPE),
        (forward(longitude=None), Reason.WRONG_TYPE),
        (forward(speed=True), Reason.WRONG_TYPE),
        (forward(fixTime=1_558_360_800_000), Reason.WRONG_TYPE),
        (forward(fixTime="2019-05-20T14:00:01"), Reason.WRONG_TYPE),
        (forward(fixTime="yesterday"), Reason.WRONG_TYPE),
        (forward(attributes=[]), Reason.WRONG_TYPE),
        (forward({"alarm": ["hardBraking"]}), Reason.WRONG_TYPE),
        (forward({"ignition": 1}), Reason.WRONG_TYPE),
        (forward({"ignition": "true"}), Reason.WRONG_TYPE),
        (forward({"hdop": "0.8"}), Reason.WRONG_TYPE),
        (forward({"speedLimit": True}), Reason.WRONG_TYPE),
        (forward(device={"id": 1}), Reason.WRONG_TYPE),
        (forward(device={"uniqueId": ""}), Reason.WRONG_TYPE),
        (forward(device={"uniqueId": "x" * 129}), Reason.WRONG_TYPE),
        (forward(device={"uniqueId": "a\0b"}), Reason.WRONG_TYPE),
        (forward(valid=False), Reason.NOT_VALID),
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_reason(record: bytes, why: Reason) -> None:
    found, detail = reason(record)
    assert found == why
    assert 10 < len(detail) < 300


def test_a_device_may_say_anything_of_itself() -> None:
    said = {"uniqueId": "867", "name": "a\0b", "model": "x" * 5000, "contact": "", "phone": None}
    claim, _ = read(forward(device=said))
    assert (claim.name, claim.model, claim.contact, claim.phone) == ("ab", "x" * 200, None, None)
    assert read(forward(device={"uniqueId": "867", "name": "\0"}))[0].name is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(("alarm", "ignition", "hdop", "speedLimit", "x")) | st.text(max_size=5), JSON, max_size=4
)
FORWARDS = st.fixed_dictionaries(
    {
        "position": st.fixed_dictionaries(
            {
                "latitude": st.floats() | JSON,
                "longitude": st.floats() | JSON,
                "fixTime": st.datetimes().map(lambda time: time.isoformat() + "Z") | JSON,
            },
            optional={"speed": st.floats() | JSON, "course": st.floats() | JSON, "attributes": ATTRIBUTES | JSON},
        )
        | JSON,
        "device": st.fixed_dictionaries(
            {"uniqueId": st.text(min_size=1, max_size=130)}, optional={"name": st.text(max_size=250) | JSON}
        )
        | JSON,
    }
)


def read_and_judge(record: bytes) -> None:
    """Whatever `read` does not reject can become an array, be judged and be told of."""
    try:
        claim, fix = read(record)
    except Rejected:
        return
    batch = Batch()
    batch.add(claim, fix, 1)
    judge(batch.positions(), batch.lines, NOON)
    assert 0 <= fix.course <= 360 or math.isnan(fix.course)
    claim.unique_id.encode()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_rejected(record: bytes) -> None:
    read_and_judge(record)


@given(FORWARDS | JSON)
@example({"position": POSITION | {"speed": 1e308}, "device": DEVICE})
@example({"position": POSITION | {"attributes": {"hdop": 10**400}}, "device": DEVICE})
@example({"position": POSITION | {"attributes": {"x": 10**30}}, "device": DEVICE})
@example({"position": POSITION | {"fixTime": "0001-01-01T00:00:00+23:59"}, "device": DEVICE})
@example({"position": POSITION | {"fixTime": "9999-12-31T23:59:59-23:59"}, "device": DEVICE})
@example({"position": POSITION, "device": DEVICE | {"uniqueId": "\ud800"}})
def test_any_json_is_read_or_rejected(value: Any) -> None:
    read_and_judge(json.dumps(value).encode())


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"1e308", b"9" * 400])
@pytest.mark.parametrize("field", ["latitude", "speed", "course", "hdop", "speedLimit"])
def test_numbers_out_of_any_range_are_read_or_rejected(field: str, number: bytes) -> None:
    record = forward({field: 123.5}, **{field: 123.5}).replace(b"123.5", number)
    read_and_judge(record)


def test_half_a_forward_is_malformed() -> None:
    whole = forward()
    for length in range(len(whole)):
        assert reason(whole[:length])[0] in (Reason.MALFORMED, Reason.WRONG_TYPE)
    msgspec.json.decode(whole)


def event(kind: object, alarm: object = None, /, **attributes: object) -> bytes:
    """As Traccar forwards an event, beside the position that raised it."""
    said = {"id": 9, "type": kind, "eventTime": "2019-05-20T14:00:01Z", "attributes": alarm and {"alarm": alarm}}
    return json.dumps(json.loads(forward(attributes)) | {"event": said}).encode()


def test_an_alarm_event_is_the_position_that_raised_it() -> None:
    claim, fix = read(forward({"alarm": "hardBraking,overspeed", "sat": 9}))
    for told in ("overspeed", "hardBraking", None):
        raised_by = read_event(event("alarm", told, alarm="hardBraking,overspeed", sat=9))
        assert (raised_by[0], raised_by[1].digest, raised_by[1].alarms) == (claim, fix.digest, fix.alarms)


def test_an_alarm_that_its_position_does_not_show_is_added() -> None:
    _, fix = read_event(event("alarm", "hardBraking"))
    assert fix.alarms == EventType.HARSH_BRAKING.bit
    assert fix.digest != read(forward())[1].digest
    both = read_event(event("alarm", "hardBraking", alarm="overspeed"))[1]
    assert both.alarms == EventType.HARSH_BRAKING.bit | EventType.SPEEDING.bit


@pytest.mark.parametrize("kind", ["deviceOverspeed", "ignitionOn", "deviceOnline", "geofenceEnter", "media", ""])
def test_events_of_other_kinds_are_not_ours(kind: str) -> None:
    alone = json.dumps({"event": {"type": kind}, "device": None}).encode()
    for record in (event(kind), alone):
        with pytest.raises(Rejected) as rejected:
            read_event(record)
        assert rejected.value.reason is Reason.NOT_OURS


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (b"{", Reason.MALFORMED),
        (forward(), Reason.WRONG_TYPE),
        (event(7), Reason.WRONG_TYPE),
        (b'{"event": {"type": "alarm"}}', Reason.WRONG_TYPE),
        (event("alarm", 7), Reason.WRONG_TYPE),
        (event("alarm").replace(b'"valid": true', b'"valid": false'), Reason.NOT_VALID),
    ],
)
def test_an_event_that_cannot_be_read_is_refused(record: bytes, why: Reason) -> None:
    with pytest.raises(Rejected) as rejected:
        read_event(record)
    assert rejected.value.reason is why
