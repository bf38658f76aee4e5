"""Text becomes values: numbers, times, yes and no, and the fix they make. For formats in which everything is text."""

from __future__ import annotations

import math
from datetime import datetime, tzinfo

from roadlens.domain import unix_microseconds
from roadlens.storage.binary import IGNITION_KNOWN, IGNITION_ON
from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry.batch import MAX_TEXT, Fix, Reason, Rejected
from roadlens.telemetry.sources.traccar import digest

LONGEST_DEVICE = 128
_GREATEST_TIME = 2.0**62  # microseconds that can still be moved by `--shift-to` without leaving 64 bits
_SHOWN = 60
_WORDS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


def wrong(name: str, text: str, says: str) -> Rejected:
    """The rejection of a value: its name, how it was written, and what is wrong with that."""
    shown = repr(text[:_SHOWN]) + ("…" if len(text) > _SHOWN else "")
    return Rejected(Reason.WRONG_TYPE, f"{name} {shown} {says}" if text else f"{name} is empty")


def number(name: str, text: str, decimal: str = ".") -> float:
    """A finite number. No thousands separators: whether 1,234 is a little or a lot is not for us to guess."""
    try:
        value = float(text) if decimal == "." else float(text.replace(".", "?").replace(decimal, "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        comma = ": if its comma is a decimal comma, say so in a mapping file" if "," in text and decimal == "." else ""
        raise wrong(name, text, f"is not a number{comma}")
    return value


def optional_number(name: str, text: str, decimal: str = ".") -> float:
    """A finite number, or NaN where nothing is written."""
    return number(name, text, decimal) if text else math.nan


def yes_or_no(name: str, text: str) -> bool | None:
    """True or false in one of the usual words; None where nothing is written."""
    if not text:
        return None
    if (value := _WORDS.get(text.lower())) is None:
        raise wrong(name, text, f"is none of {', '.join(_WORDS)}")
    return value


def moment(name: str, text: str, zone: tzinfo | None = None, pattern: str | None = None) -> int:
    """Unix microseconds of a time: ISO 8601, or as `strptime` reads it by `pattern`; in `zone` if it has no offset."""
    try:
        time = datetime.fromisoformat(text) if pattern is None else datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is seen to below
    except ValueError:
        form = "ISO 8601, such as 2026-11-22T08:30:00+01:00" if pattern is None else f"of the form {pattern!r}"
        raise wrong(name, text, f"is not a time {form}") from None
    if time.tzinfo is None:
        if zone is None:
            raise wrong(name, text, "has no offset from UTC: write it, or name the time zone in a mapping file")
        time = time.replace(tzinfo=zone)
    return unix_microseconds(time)


def unix_moment(name: str, text: str, unit_us: float, decimal: str = ".") -> int:
    """Unix microseconds of a Unix time in units of so many microseconds."""
    value = number(name, text, decimal) * unit_us
    if not abs(value) < _GREATEST_TIME:
        raise wrong(name, text, "is not a Unix time")
    return round(value)


def claim(name: str, unique_id: str, device_name: str = "") -> DeviceClaim:
    """What is said of a device; `name` is where its unique id was written."""
    if not 0 < len(unique_id) <= LONGEST_DEVICE or not _storable(unique_id):
        raise wrong(name, unique_id, f"is not a device's unique id: up to {LONGEST_DEVICE} letters and digits")
    if not _storable(device_name):
        raise wrong("the device's name", device_name, "is not text")
    return DeviceClaim(unique_id, device_name[:MAX_TEXT] or None)


def _storable(text: str) -> bool:
    """Whether PostgreSQL takes it: bytes that are no text in the file's encoding have become lone surrogates."""
    return (text.isascii() and text.isprintable()) or not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def fix(
    fix_time: int,
    latitude: float,
    longitude: float,
    speed_kmh: float,
    *,
    course: float = math.nan,
    hdop: float = math.nan,
    speed_limit_kmh: float = math.nan,
    ignition: bool | None = None,
    alarms: int = 0,
) -> Fix:
    """A position with its digest, which tells it from others of the same moment by all that was measured."""
    measured = (latitude, longitude, speed_kmh, course, hdop, speed_limit_kmh, ignition, alarms)
    return Fix(
        fix_time=fix_time,
        digest=digest(measured),
        latitude=latitude,
        longitude=longitude,
        speed_kmh=speed_kmh,
        course=course % 360,
        hdop=hdop,
        speed_limit_kmh=speed_limit_kmh,
        flags=0 if ignition is None else IGNITION_KNOWN | IGNITION_ON * ignition,
        alarms=alarms,
    )
