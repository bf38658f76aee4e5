"""Drives by speed and course: the places follow, so that nothing but what is wanted is odd about them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from roadlens.telemetry.batch import Fix
from tests.support.fleet import DEGREE_M, fix

Sample = tuple[float, float, float]  # seconds, km/h, degrees


def driven(samples: Iterable[Sample], **other: Any) -> list[Fix]:
    """Fixes at these moments; from one to the next at the mean of both velocities."""
    fixes: list[Fix] = []
    north = east = 0.0
    before: Sample | None = None
    for sample in samples:
        if before is not None:
            lasted = sample[0] - before[0]
            for _, speed, course in (before, sample):
                north += lasted * speed / 7.2 * math.cos(math.radians(course))
                east += lasted * speed / 7.2 * math.sin(math.radians(course))
        place = {"latitude": 41 + north / DEGREE_M, "longitude": -96 + east / DEGREE_M / math.cos(math.radians(41))}
        fixes.append(fix(sample[0], sample[1], **{**place, "course": sample[2] % 360, "hdop": 1.0, **other}))
        before = sample
    return fixes


def straight(speeds: Sequence[float], start: float = 0, every: float = 1, **other: Any) -> list[Fix]:
    """At these speeds northwards, a fix each so many seconds."""
    return driven([(start + every * place, speed, 0.0) for place, speed in enumerate(speeds)], **other)


def ramp(*stretches: tuple[int, float], speed: float) -> list[float]:
    """Speeds, second by second, km/h: from `speed` on, so many seconds at each acceleration in m/s²."""
    speeds = [speed]
    for seconds, acceleration in stretches:
        for _ in range(seconds):
            speeds.append(max(0.0, speeds[-1] + 3.6 * acceleration))
    return speeds
