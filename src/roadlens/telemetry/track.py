"""The way of one leg: how far it is from fix to fix, and where nothing was seen. Knows no forces and no events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from roadlens.scoring.parameters import Parameters
from roadlens.storage.binary import Positions

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

EARTH_RADIUS_M = 6_371_008.8  # mean radius R1 of GRS 80: Moritz 2000, Journal of Geodesy 74:128
KMH_PER_MS = 3.6


@dataclass(frozen=True)
class Track:
    """Fixes of one leg, dtype `POSITION`, at least one, strictly increasing in time."""

    parameters: Parameters
    fixes: Positions

    @cached_property
    def seconds(self) -> Floats:
        """Time of each fix after the first, s; shape (n,)."""
        return np.asarray((self.fixes["fix_time"] - self.fixes["fix_time"][0]) / 1e6)

    @cached_property
    def speed_ms(self) -> Floats:
        """Speed at each fix, m/s; shape (n,)."""
        return np.asarray(self.fixes["speed_kmh"].astype(np.float64) / KMH_PER_MS)

    @cached_property
    def intervals(self) -> Floats:
        """Time between neighbouring fixes, s; shape (n - 1,)."""
        return self.seconds[1:] - self.seconds[:-1]

    @cached_property
    def holes(self) -> Bools:
        """Intervals in which nothing was observed; shape (n - 1,).

        They are far longer than this leg's usual one, or end at a place that no vehicle can have reached. Neither the
        distance nor the time of a hole counts: a rate per 100 km compares what was seen with what was seen.
        """
        if not len(self.intervals):
            return np.zeros(0, dtype=np.bool_)
        parameters, usual = self.parameters, _median(self.intervals)
        long = self.intervals > max(parameters.hole_at_least_s, parameters.hole_factor * usual)
        jumps = self.chords_m > parameters.jump_above_kmh / KMH_PER_MS * self.intervals
        return long | (jumps & ~self._dense)

    @cached_property
    def steps_m(self) -> Floats:
        """Distance driven in each interval, m; shape (n - 1,); 0 in holes.

        Between fixes a few seconds apart it is the integral of the speed (trapezoid): a receiver measures speed by
        Doppler shift, far better than the difference of two positions, which wanders even at rest. Over longer
        intervals it is the great circle (haversine).
        """
        trapezoid = (self.speed_ms[1:] + self.speed_ms[:-1]) / 2 * self.intervals
        return np.where(self.holes, 0.0, np.where(self._dense, trapezoid, self.chords_m))

    @cached_property
    def head_m(self) -> float:
        """What was driven before the first fix of a dense leg that begins in motion: half an interval on average, m."""
        if not len(self.intervals) or self.intervals[0] > self.parameters.speed_trapezoid_up_to_s:
            return 0.0
        return float(self.speed_ms[0] * self.intervals[0] / 2)

    @cached_property
    def _dense(self) -> Bools:
        """Intervals short enough for the speed to tell the distance; shape (n - 1,)."""
        return np.asarray(self.intervals <= self.parameters.speed_trapezoid_up_to_s)

    @cached_property
    def chords_m(self) -> Floats:
        """Great-circle distance of each interval, m; shape (n - 1,)."""
        return _haversine_m(self.fixes)


def _median(values: Floats) -> float:
    """As `np.median` of one dimension without NaN, at a fifth of its cost for the few values of a leg."""
    middle = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, middle)[middle])
    lower, upper = np.partition(values, (middle - 1, middle))[middle - 1 : middle + 1]
    return float((lower + upper) / 2)


def _haversine_m(fixes: Positions) -> Floats:
    """Great-circle distances between neighbouring fixes, m; shape (n - 1,). Sinnott 1984, Sky & Telescope 68:159."""
    latitude, longitude = np.radians(fixes["latitude"]), np.radians(fixes["longitude"])
    cosine = np.cos(latitude)
    chord = (
        np.sin((latitude[1:] - latitude[:-1]) / 2) ** 2
        + cosine[1:] * cosine[:-1] * np.sin((longitude[1:] - longitude[:-1]) / 2) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(chord, 1.0))))
