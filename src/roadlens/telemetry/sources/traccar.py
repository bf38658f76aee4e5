"""Traccar's JSON forwards: one object with a `position` and its `device`, or with the `event` that a position raised.

Knows Traccar's units and names: `speed` and `speedLimit` in knots, several alarms in one comma-separated string, a
`position.id` that is always 0. It therefore makes a digest of what was measured to tell one position from another.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any, TypeVar

import msgspec

from roadlens.domain import EventType, unix_microseconds
from roadlens.storage.binary import IGNITION_KNOWN, IGNITION_ON
from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry.batch import MAX_TEXT, Fix, Reason, Rejected

T = TypeVar("T")

KNOT_KMH = 1.852  # 1 nautical mile is 1,852 m: International Hydrographic Conference, Monaco, 1929.

_GREATEST = 1e9  # of numbers in attributes: JSON has integers that no float can hold

# Alarm names of Traccar's Position model, and what dashboard cameras behind it send for a phone in the hand.
ALARMS: dict[str, int] = {
    "hardBraking": EventType.HARSH_BRAKING.bit,
    "hardAcceleration": EventType.RAPID_ACCELERATION.bit,
    "hardCornering": EventType.HARSH_CORNERING.bit,
    "overspeed": EventType.SPEEDING.bit,
    "phoneCall": EventType.PHONE_USE.bit,
    "phoneUse": EventType.PHONE_USE.bit,
}


class _Position(msgspec.Struct):
    latitude: float
    longitude: float
    fix_time: Annotated[datetime, msgspec.Meta(tz=True)] = msgspec.field(name="fixTime")
    speed: float = 0.0
    course: float | None = None
    valid: bool = True
    attributes: dict[str, Any] | None = None


class _Device(msgspec.Struct):
    unique_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] = msgspec.field(name="uniqueId")
    name: str | None = None
    model: str | None = None
    category: str | None = None
    phone: str | None = None
    contact: str | None = None


class _Forward(msgspec.Struct):
    position: _Position
    device: _Device


class _Event(msgspec.Struct):
    type: str
    attributes: dict[str, Any] | None = None


class _EventForward(msgspec.Struct):
    """An event's position and device are read only of the events that are ours: others may have neither."""

    event: _Event


_ALARM_EVENT = "alarm"

_decode = msgspec.json.Decoder(_Forward).decode
_decode_event = msgspec.json.Decoder(_EventForward).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


def read(record: bytes) -> tuple[DeviceClaim, Fix]:
    """Read one forward.

    Raises:
        Rejected: it is not JSON, not a forward, or the device had no valid fix.
    """
    forward = decoded(_decode, record, "Traccar's JSON with position and device")
    return _claim(forward.device), _fix(forward.position, forward.position.attributes or {})


def read_event(record: bytes) -> tuple[DeviceClaim, Fix]:
    """Read one event forward: of an alarm, the position that raised it, with that alarm.

    Traccar forwards such a position by itself as well; that is the same fix then, unless it does not show the alarm.

    Raises:
        Rejected: as `read`; `NOT_OURS` for an event that is no alarm. Those follow from the positions.
    """
    event = decoded(_decode_event, record, "Traccar's JSON with event, position and device").event
    if event.type != _ALARM_EVENT:
        raise Rejected(
            Reason.NOT_OURS, f"an event {event.type[:MAX_TEXT]!r} is no alarm: it follows from the positions"
        )
    forward = decoded(_decode, record, "Traccar's JSON with event, position and device")
    attributes = forward.position.attributes or {}
    told, shown = (event.attributes or {}).get("alarm"), attributes.get("alarm")
    if alarms(told) & ~alarms(shown):
        attributes = attributes | {"alarm": f"{shown},{told}" if shown else told}
    return _claim(forward.device), _fix(forward.position, attributes)


def decoded(decode: Callable[[bytes], T], record: bytes, expected: str) -> T:
    """A record as the type that its decoder knows.

    Raises:
        Rejected: it is not JSON, or not what was expected.
    """
    try:
        return decode(record)
    except msgspec.ValidationError as error:
        raise Rejected(Reason.WRONG_TYPE, f"{error}. Expected {expected}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(Reason.MALFORMED, f"not valid JSON: {error}") from None


def _claim(device: _Device) -> DeviceClaim:
    if "\0" in device.unique_id:
        raise Rejected(Reason.WRONG_TYPE, "device.uniqueId holds a NUL character")
    said = (device.name, device.model, device.category, device.phone, device.contact)
    return DeviceClaim(device.unique_id, *((text or "").replace("\0", "")[:MAX_TEXT] or None for text in said))


def _fix(position: _Position, attributes: dict[str, Any]) -> Fix:
    if not position.valid:
        raise Rejected(Reason.NOT_VALID, "the device had no valid fix (valid: false)")
    measured = (position.latitude, position.longitude, position.speed, position.course, attributes)
    ignition = attributes.get("ignition")
    if not isinstance(ignition, bool | None):
        raise Rejected(Reason.WRONG_TYPE, f"attributes.ignition must be true or false, not {ignition!r:.40}")
    course = position.course
    return Fix(
        fix_time=unix_microseconds(position.fix_time),
        digest=digest(measured),
        latitude=position.latitude,
        longitude=position.longitude,
        speed_kmh=position.speed * KNOT_KMH,
        course=math.nan if course is None else course % 360,
        hdop=_number(attributes, "hdop"),
        speed_limit_kmh=_number(attributes, "speedLimit") * KNOT_KMH,
        flags=0 if ignition is None else IGNITION_KNOWN | IGNITION_ON * ignition,
        alarms=alarms(attributes.get("alarm")),
    )


def digest(measured: object) -> int:
    """What tells two reports of one moment apart: 64 bits, signed, of everything that was measured."""
    return int.from_bytes(blake2b(_encode(measured), digest_size=8).digest(), "big", signed=True)


def _number(attributes: dict[str, Any], name: str) -> float:
    value = attributes.get(name)
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_GREATEST < value < _GREATEST:
        raise Rejected(Reason.WRONG_TYPE, f"attributes.{name} must be a number, not {repr(value)[:40]}")
    return float(value)


def alarms(names: object) -> int:
    """The mask of the alarms that are safety events; others (sos, geofence, …) are not ours."""
    if names is None:
        return 0
    if not isinstance(names, str):
        raise Rejected(Reason.WRONG_TYPE, f"the alarm must be a string, not {names!r:.40}")
    mask = 0
    for name in names.split(","):
        mask |= ALARMS.get(name.strip(), 0)
    return mask
