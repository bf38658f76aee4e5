"""A track's segment: its points stand in the order of the drive, so each tells how fast its neighbours were."""

from __future__ import annotations

import math
from typing import NamedTuple

from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry.batch import Complaint, Reason
from roadlens.telemetry.sources import values
from roadlens.telemetry.sources.source import Reading
from roadlens.telemetry.track import EARTH_RADIUS_M, KMH_PER_MS


class Point(NamedTuple):
    """A point of a track. `fix_time` is Unix time in microseconds; `speed_kmh` is None where it must be derived."""

    line: int
    claim: DeviceClaim
    fix_time: int
    latitude: float
    longitude: float
    speed_kmh: float | None
    course: float
    hdop: float

    @property
    def is_somewhere(self) -> bool:
        """Whether it can be a neighbour: a receiver without a fix reports 0, 0."""
        within = abs(self.latitude) <= 90 and abs(self.longitude) <= 180
        return within and (self.latitude, self.longitude) != (0, 0)


class Segment:
    """Hands points on as readings, in their order; one without a speed as soon as the next has come.

    Its speed is then the way from the point before to the point after, by the time that it took: the central
    difference, which halves the noise of one difference and stays right beside a pause in which nothing was recorded.
    """

    def __init__(self) -> None:
        self._before: Point | None = None
        self._last: Point | None = None

    def add(self, point: Point) -> list[Reading | Complaint]:
        """The next point of the segment."""
        if not point.is_somewhere:
            return [_reading(point, 0.0)]  # whoever judges places has a word for it
        ready = self._settle(point)
        if point.speed_kmh is not None:
            ready.append(_reading(point, point.speed_kmh))
        self._before, self._last = self._last, point
        return ready

    def end(self) -> list[Reading | Complaint]:
        """The segment is complete. One that breaks off is not: its last point's speed would change with the next."""
        ready = self._settle(None)
        self._before = self._last = None
        return ready

    def _settle(self, after: Point | None) -> list[Reading | Complaint]:
        if self._last is None or self._last.speed_kmh is not None:
            return []
        speed = _speed_kmh(self._before, self._last, after)
        if speed is None:
            says = "no speed, and no point of another time beside it in its segment to derive it from"
            return [Complaint(self._last.line, Reason.WRONG_TYPE, says)]
        return [_reading(self._last, speed)]


def _reading(point: Point, speed_kmh: float) -> Reading:
    fix = values.fix(point.fix_time, point.latitude, point.longitude, speed_kmh, course=point.course, hdop=point.hdop)
    return Reading(point.line, point.claim, fix)


def _speed_kmh(before: Point | None, at: Point, after: Point | None) -> float | None:
    """The central difference at a point, km/h; of one side where the other has none; None where neither has."""
    sides = [(one, other) for one, other in ((before, at), (at, after)) if one is not None and other is not None]
    sides = [(one, other) for one, other in sides if one.fix_time < other.fix_time]
    if not sides:
        return None
    metres = sum(_metres(one, other) for one, other in sides)
    return metres / sum((other.fix_time - one.fix_time) / 1e6 for one, other in sides) * KMH_PER_MS


def _metres(one: Point, other: Point) -> float:
    """Great-circle distance (haversine)."""
    south, north = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    chord = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * math.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(chord, 1.0)))
