"""Drives that no vehicle makes: at ten positions a second or one in ten, with gaps, leaps, frozen places and alarms."""

from __future__ import annotations

import numpy as np

from roadlens.storage.binary import POSITION, Positions
from roadlens.telemetry.track import Floats

_BEGIN_US = 1_700_000_000_000_000
_DEGREE_M = 111_195.0


def odd_drive(chance: np.random.Generator, most: int = 700) -> Positions:
    """Fixes of one trip, one a moment and in the order of time; the same generator gives the same drive."""
    count = int(chance.integers(2, most))
    interval_s = _intervals(chance, count)
    speed, course = _motion(chance, interval_s)
    fixes = np.zeros(count, dtype=POSITION)
    fixes["fix_time"] = _BEGIN_US + np.cumsum(np.maximum(interval_s, 0.001) * 1e6).astype(np.int64)
    turned = np.radians(course)
    fixes["latitude"] = np.round(52 + np.cumsum(speed * np.cos(turned) * interval_s) / _DEGREE_M, 6)
    fixes["longitude"] = np.round(13 + np.cumsum(speed * np.sin(turned) * interval_s) / _DEGREE_M / 0.61, 6)
    fixes["speed_kmh"] = speed * 3.6
    fixes["course"] = np.where(chance.random(count) < 0.01, np.nan, course)
    fixes["hdop"] = chance.choice([0.9, np.nan, 9], count, p=[0.9, 0.08, 0.02])
    limits = np.repeat(chance.choice([np.nan, 30, 50, 100, 0, np.inf], count), 40)[:count]
    fixes["speed_limit_kmh"] = limits
    fixes["alarms"] = np.where(chance.random(count) < 0.02, chance.integers(0, 32, count), 0)
    _damage(chance, fixes)
    return np.asarray(fixes[np.unique(fixes["fix_time"], return_index=True)[1]])


def _intervals(chance: np.random.Generator, count: int) -> Floats:
    """Seconds before each fix: of a steady device, or one that trembles; sometimes it falls silent."""
    usual = chance.choice([1.0, 1.0, 1.0, 0.1, 10.0])
    silent = chance.random(count) < chance.choice([0.0, 0.02, 0.2])
    intervals = np.where(silent, chance.integers(2, 60, count), 1) * usual
    if chance.random() < 0.5:
        intervals = intervals + chance.normal(0, 0.02, count)
    return np.asarray(np.maximum(intervals, 0.001))


def _motion(chance: np.random.Generator, interval_s: Floats) -> tuple[Floats, Floats]:
    """Speed, m/s, and course, degrees: from calm to wild."""
    force = np.convolve(chance.normal(0, chance.choice([0.3, 2, 5]), len(interval_s)), np.ones(3) / 2, "same")
    speed, now = np.zeros(len(interval_s)), chance.uniform(0, 30)
    for place, seconds in enumerate(interval_s):
        now = min(max(0.0, now + force[place] * seconds), 45.0)
        speed[place] = now
    turning = chance.normal(0, chance.choice([0.5, 8, 25]), len(interval_s))
    return speed, np.cumsum(turning * interval_s) % 360


def _damage(chance: np.random.Generator, fixes: Positions) -> None:
    """A place that stands still while the vehicle does not, and one that is kilometres away."""
    begin = int(chance.integers(0, len(fixes)))
    if chance.random() < 0.4:
        frozen = slice(begin, begin + int(chance.integers(2, 40)))
        fixes["latitude"][frozen] = fixes["latitude"][begin]
        fixes["longitude"][frozen] = fixes["longitude"][begin]
    if chance.random() < 0.3:
        fixes["latitude"][int(chance.integers(0, len(fixes)))] += 0.05
