"""Invented cities and the ways through them: streets, arterials and motorways on a bent grid. Knows no drivers.

A city is a plane in metres, x to the east and y to the north, bent a little so that no road is quite straight, turned,
and laid on open country. Streets run every 250 m, arterials every kilometre, motorways every five.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from roadlens.telemetry.demo.chance import Floats
from roadlens.telemetry.track import EARTH_RADIUS_M, Bools

STREET_M, ARTERIAL_M, MOTORWAY_M = 250.0, 1000.0, 5000.0
_DEGREE_M = np.pi / 180 * EARTH_RADIUS_M
_BEND_M, _BEND_WAVE_M = 90.0, 4300.0

STREET, ARTERIAL, MOTORWAY = 0, 1, 2
# The longest stretch of each class between two crossings, and the longest over which a driver keeps to one mood.
_CROSSINGS_M = (STREET_M, 500.0, 1250.0)
_MOOD_M = 2500.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class City:
    name: str
    state: str
    zip_prefix: str
    latitude: float
    longitude: float
    turned: float  # radians, counterclockwise
    motorway_limit_kmh: float


CITIES = (
    City("Marlow Springs", "KS", "674", 38.62, -98.35, 0.06, 120),
    City("Eastvale", "OH", "433", 40.55, -83.15, 0.31, 110),
    City("Fort Ansley", "TX", "768", 31.95, -99.60, -0.22, 130),
    City("Harlan Creek", "NE", "688", 41.05, -98.60, -0.09, 120),
    City("Tilden Grove", "IL", "617", 40.10, -89.05, 0.17, 110),
    City("Copper Mesa", "CO", "808", 38.95, -103.40, -0.35, 120),
)


@dataclass(frozen=True, slots=True)
class Route:
    """A way of n segments. `latitude` and `longitude` are of its n + 1 nodes, everything else of its segments.

    Attributes:
        turns: whether the way leaves the segment by a turn at its end.
        stretch: segments of one number are driven in one mood.
    """

    latitude: Floats
    longitude: Floats
    length_m: Floats
    course: Floats
    road: Floats
    limit_kmh: Floats
    turns: Bools
    stretch: Floats

    @property
    def distance_m(self) -> float:
        return float(self.length_m.sum())


def find_route(city: City, start: Point, end: Point) -> Route:
    """The way from one address to another: street, arterial, a main road across, arterial, street.

    An address lies on a street that runs east: its y is a multiple of `STREET_M` but not of `ARTERIAL_M`.
    """
    corners, roads = _corners(start, end)
    nodes, road, limit, turns, stretch = [np.array([corners[0]])], [], [], [], []
    for number, ((near, far), kind) in enumerate(zip(pairwise(corners), roads, strict=True)):
        metres = float(np.hypot(far[0] - near[0], far[1] - near[1]))
        parts = max(1, int(np.ceil(metres / _CROSSINGS_M[kind])))
        steps = np.arange(1, parts + 1)[:, None] / parts
        nodes.append(np.array(near) + steps * (np.array(far) - np.array(near)))
        road.append(np.full(parts, float(kind)))
        limit.append(np.full(parts, _limit_kmh(city, kind, near, far)))
        turns.append(np.arange(1, parts + 1) == parts)
        stretch.append(number * 1000 + np.arange(parts) * metres / parts // _MOOD_M)
    east, north = _bent(np.concatenate(nodes), city)
    return Route(
        latitude=city.latitude + north / _DEGREE_M,
        longitude=city.longitude + east / (_DEGREE_M * np.cos(np.radians(city.latitude))),
        length_m=np.hypot(np.diff(east), np.diff(north)),
        course=np.degrees(np.arctan2(np.diff(east), np.diff(north))) % 360,
        road=np.concatenate(road),
        limit_kmh=np.concatenate(limit),
        turns=np.concatenate(turns),
        stretch=np.concatenate(stretch),
    )


def _corners(start: Point, end: Point) -> tuple[list[Point], list[int]]:
    """Where the way turns, and the class of road between the turns."""
    (x, y), (to_x, to_y) = start, end
    first, last = _nearest(x, ARTERIAL_M), _nearest(to_x, ARTERIAL_M)
    far = abs(last - first) >= MOTORWAY_M
    if first != last:
        main = _nearest((y + to_y) / 2, MOTORWAY_M if far else ARTERIAL_M)
        corners = [start, (first, y), (first, main), (last, main), (last, to_y), end]
        roads = [STREET, ARTERIAL, MOTORWAY if far else ARTERIAL, ARTERIAL, STREET]
    elif y != to_y:
        corners, roads = [start, (first, y), (first, to_y), end], [STREET, ARTERIAL, STREET]
    else:
        corners, roads = [start, end], [STREET]
    return corners, roads


def _nearest(value: float, spacing: float) -> float:
    return round(value / spacing) * spacing


def _limit_kmh(city: City, kind: int, near: Point, far: Point) -> float:
    """Motorways by the state; of the arterials every second one is fast."""
    if kind == MOTORWAY:
        return city.motorway_limit_kmh
    if kind == STREET:
        return 50.0
    line = near[0] if near[0] == far[0] else near[1]
    return 80.0 if line % (2 * ARTERIAL_M) == 0 else 60.0


def _bent(nodes: Floats, city: City) -> tuple[Floats, Floats]:
    """Metres to the east and to the north of the city's centre."""
    x, y = nodes[:, 0], nodes[:, 1]
    wave = 2 * np.pi / _BEND_WAVE_M
    bent_x, bent_y = x + _BEND_M * np.sin(y * wave), y + _BEND_M * np.sin(x * wave + 1)
    cosine, sine = np.cos(city.turned), np.sin(city.turned)
    return bent_x * cosine - bent_y * sine, bent_x * sine + bent_y * cosine
