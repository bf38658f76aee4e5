"""Where the laboratory's devices are at each moment: a function of the number of the position alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from tests.support.fleet import DEGREE_M
from tests.support.traffic import forward

# Positions of a device that reports all the time: so many while it drives, so many while it stands.
_MOVING, _STANDING = 600, 300
_EVERY_S: Final = 2
EVERY: Final = timedelta(seconds=_EVERY_S)
_SPEED_KMH: Final = 60.0

COMMUTE: Final = timedelta(minutes=30)
_COMMUTE_MINUTES: Final = 10


def position_time(start: datetime, number: int) -> datetime:
    return start + timedelta(seconds=_EVERY_S * number)


def position(device: str, start: datetime, number: int) -> bytes:
    """The position of this number; the first is 0."""
    rounds, place = divmod(number, _MOVING + _STANDING)
    driven = rounds * _MOVING + min(place, _MOVING)
    latitude = 40.0 + driven * _EVERY_S * _SPEED_KMH / 3.6 / DEGREE_M % 20
    return forward(device, position_time(start, number), latitude, _SPEED_KMH if place < _MOVING else 0.0)


def drive(device: str, start: datetime, minutes: int, alarm: str | None = None) -> Iterator[bytes]:
    """One trip of so many minutes at 60 km/h, a position each half a minute, and the stop that ends it."""
    latitude = 41.0
    for number, at in enumerate(_times(start, minutes)):
        moving = 0 < number <= 2 * minutes
        latitude += 30 * _SPEED_KMH / 3.6 / DEGREE_M * moving
        yield forward(
            device, at, latitude, _SPEED_KMH if moving else 0.0, alarm if moving and number % 10 == 0 else None
        )


def commute(device: str, start: datetime, number: int) -> list[bytes]:
    """The trip of this number; the first is 1."""
    return list(drive(device, start + (number - 1) * COMMUTE, _COMMUTE_MINUTES))


def commute_times(start: datetime, number: int) -> Iterator[datetime]:
    """When its positions are."""
    return _times(start + (number - 1) * COMMUTE, _COMMUTE_MINUTES)


def _times(start: datetime, minutes: int) -> Iterator[datetime]:
    return (start + each * timedelta(seconds=30) for each in range(2 * minutes + 14))
