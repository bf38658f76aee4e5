"""Traccar's JSON forward (`forward.type=json`): one object with a `position` and its `device`.

Knows Traccar's units and names: `speed` and `speedLimit` in knots, several alarms in one comma-separated string, a
`position.id` that is always 0. It therefore makes a digest of what was measured to tell one position from another.
"""

from __future__ import annotations

import math
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any

import msgspec

from roadlens.domain import EventType, unix_microseconds
from roadlens.storage.binary import IGNITION_KNOWN, IGNITION_ON
from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry.batch import MAX_TEXT, Fix, Reason, Rejected

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


_decode = msgspec.json.Decoder(_Forward).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


def read(record: bytes) -> tuple[DeviceClaim, Fix]:
    """Read one forward.

    Raises:
        Rejected: it is not JSON, not a forward, or the device had no valid fix.
    """
    try:
        forward = _decode(record)
    except msgspec.ValidationError as error:
        raise Rejected(Reason.WRONG_TYPE, f"{error}. Expected Traccar's JSON with position and device.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(Reason.MALFORMED, f"not valid JSON: {error}") from None
    position, device = forward.position, forward.device
    if not position.valid:
        raise Rejected(Reason.NOT_VALID, "the device had no valid fix (valid: false)")
    if "\0" in device.unique_id:
        raise Rejected(Reason.WRONG_TYPE, "device.uniqueId holds a NUL character")
    return _claim(device), _fix(position)


def _claim(device: _Device) -> DeviceClaim:
    said = (device.name, device.model, device.category, device.phone, device.contact)
    return DeviceClaim(device.unique_id, *((text or "").replace("\0", "")[:MAX_TEXT] or None for text in said))


def _fix(position: _Position) -> Fix:
    attributes = position.attributes or {}
    measured = (position.latitude, position.longitude, position.speed, position.course, attributes)
    ignition = attributes.get("ignition")
    if not isinstance(ignition, bool | None):
        raise Rejected(Reason.WRONG_TYPE, f"attributes.ignition must be true or false, not {ignition!r:.40}")
    course = position.course
    return Fix(
        fix_time=unix_microseconds(position.fix_time),
        digest=int.from_bytes(blake2b(_encode(measured), digest_size=8).digest(), "big", signed=True),
        latitude=position.latitude,
        longitude=position.longitude,
        speed_kmh=position.speed * KNOT_KMH,
        course=math.nan if course is None else course % 360,
        hdop=_number(attributes, "hdop"),
        speed_limit_kmh=_number(attributes, "speedLimit") * KNOT_KMH,
        flags=0 if ignition is None else IGNITION_KNOWN | IGNITION_ON * ignition,
        alarms=_alarms(attributes.get("alarm")),
    )


def _number(attributes: dict[str, Any], name: str) -> float:
    value = attributes.get(name)
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_GREATEST < value < _GREATEST:
        raise Rejected(Reason.WRONG_TYPE, f"attributes.{name} must be a number, not {repr(value)[:40]}")
    return float(value)


def _alarms(names: object) -> int:
    """The mask of the alarms that are safety events; others (sos, geofence, …) are not ours."""
    if names is None:
        return 0
    if not isinstance(names, str):
        raise Rejected(Reason.WRONG_TYPE, f"attributes.alarm must be a string, not {names!r:.40}")
    mask = 0
    for name in names.split(","):
        mask |= ALARMS.get(name.strip(), 0)
    return mask
