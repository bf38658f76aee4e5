"""Seeded drives of a few devices as Traccar's forwards, and how a bad network hands them to several writers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tests.support.fleet import DEGREE_M

FIRST_DAY = datetime(2024, 3, 4, tzinfo=UTC)
EVERY_S = 30
_KNOT_KMH = 1.852
_ALARMS = ("hardBraking", "hardAcceleration", "hardCornering", "overspeed", "phoneCall,hardBraking")


class Sent(NamedTuple):
    """One position as it is sent."""

    device: str
    fix_time: datetime
    body: bytes


def drives(devices: Sequence[str], day: int, dice: random.Random) -> list[Sent]:
    """What the devices measure on a day, in the order of time: two drives each, which a pause may cut in more."""
    sent = [
        each
        for device in devices
        for hour in (6, 15)
        for each in _drive(device, FIRST_DAY + timedelta(days=day, hours=hour, seconds=dice.randrange(7200)), dice)
    ]
    return sorted(sent, key=lambda each: each.fix_time)


def _drive(device: str, start: datetime, dice: random.Random) -> Iterator[Sent]:
    """A quarter of an hour at a time. Pauses lie around the length that ends a trip."""
    latitude, at = 41.0, start
    for _ in range(dice.randint(1, 2)):
        speeds = [0.0, *(dice.uniform(60, 140) for _ in range(dice.randint(12, 24))), 0.0]
        for speed in speeds:
            at += timedelta(seconds=EVERY_S)
            latitude += EVERY_S * speed / 3.6 / DEGREE_M
            alarm = dice.choice(_ALARMS) if speed and dice.random() < 0.1 else None
            yield Sent(device, at, forward(device, at, latitude, speed, alarm))
        at += timedelta(seconds=dice.choice((60, 270, 330, 1200)))


def forward(device: str, at: datetime, latitude: float, speed_kmh: float, alarm: str | None = None) -> bytes:
    """A position as Traccar forwards it."""
    position = {
        "fixTime": at.isoformat(timespec="milliseconds"),
        "valid": True,
        "latitude": latitude,
        "longitude": -96.0,
        "speed": speed_kmh / _KNOT_KMH,
        "course": 0.0,
        "attributes": {} if alarm is None else {"alarm": alarm},
    }
    return json.dumps({"position": position, "device": {"uniqueId": device, "name": device}}).encode()


def shares(sent: Sequence[Sent], writers: int, dice: random.Random) -> list[list[Sent]]:
    """Each device has a writer of its own, but another one in five of its positions as well, and a third in twenty.

    Each writer hands its own on out of order, some long after the others and some twice. Writers that had all devices
    each would wait for each other at every delivery, and never meet at a driver.
    """
    devices = sorted({each.device for each in sent})
    given: list[list[Sent]] = [[] for _ in range(writers)]
    for each in sent:
        others = dice.sample(range(writers), dice.choices((0, 1, 2), (16, 3, 1))[0])
        for writer in {devices.index(each.device) % writers, *others}:
            given[writer].append(each)
    return [late_and_doubled(share, dice) for share in given]


def late_and_doubled(sent: Sequence[Sent], dice: random.Random) -> list[Sent]:
    """One position in six comes after all others, one in ten comes again, and none is in its place."""
    placed = [(place + dice.uniform(0, 40) + len(sent) * (dice.random() < 1 / 6), place) for place in range(len(sent))]
    again = [(dice.uniform(0, 2 * len(sent)), place) for place in dice.sample(range(len(sent)), len(sent) // 10)]
    return [sent[place] for _, place in sorted(placed + again)]
