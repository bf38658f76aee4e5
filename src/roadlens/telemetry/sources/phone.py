"""The JSON of Traccar's phone client: one `location` and the `device_id` that its user typed.

The client wraps Transistorsoft's background geolocation; the format is described at traccar.org/osmand. Speeds are in
m/s, and -1 says that a speed or a heading is not known. A phone knows nothing of an ignition.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any

import msgspec

from roadlens.domain import unix_microseconds
from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry.batch import Fix, Reason, Rejected
from roadlens.telemetry.sources import traccar

_KMH_PER_MS = 3.6
# A phone tells its accuracy in metres, receivers their dilution of precision. One follows from the other by the error
# of a single range, 5 to 7 m for a civil receiver: Langley 1999, GPS World 10(5):52.
_RANGE_ERROR_M = 6.0


class _Coordinates(msgspec.Struct):
    latitude: float
    longitude: float
    speed: float | None = None
    heading: float | None = None
    accuracy: float | None = None


class _Location(msgspec.Struct):
    timestamp: Annotated[datetime, msgspec.Meta(tz=True)]
    coords: _Coordinates
    is_moving: bool | None = None
    extras: dict[str, Any] | None = None


class _Report(msgspec.Struct):
    location: _Location
    device_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


_decode = msgspec.json.Decoder(_Report).decode


def read(record: bytes) -> tuple[DeviceClaim, Fix]:
    """Read one report.

    Raises:
        Rejected: it is not JSON or not a report, or the phone moved and does not know how fast.
    """
    report = traccar.decoded(_decode, record, "the phone client's JSON with location and device_id")
    if "\0" in report.device_id:
        raise Rejected(Reason.WRONG_TYPE, "device_id holds a NUL character")
    location, coords = report.location, report.location.coords
    heading, accuracy = _known(coords.heading), _known(coords.accuracy)
    alarm = (location.extras or {}).get("alarm")
    return DeviceClaim(report.device_id), Fix(
        fix_time=unix_microseconds(location.timestamp),
        digest=traccar.digest((coords, location.is_moving, alarm)),
        latitude=coords.latitude,
        longitude=coords.longitude,
        speed_kmh=_speed_kmh(location),
        course=heading % 360,
        hdop=accuracy / _RANGE_ERROR_M,
        speed_limit_kmh=math.nan,
        flags=0,
        alarms=traccar.alarms(alarm),
    )


def _speed_kmh(location: _Location) -> float:
    """A phone at rest, or one that was placed by its network, gives no speed."""
    speed = _known(location.coords.speed)
    if not math.isnan(speed):
        return speed * _KMH_PER_MS
    if location.is_moving:
        raise Rejected(Reason.NOT_VALID, "the phone moved and had no satellite fix to tell its speed (speed: -1)")
    return 0.0


def _known(value: float | None) -> float:
    return math.nan if value is None or value < 0 else value
