"""The kinematics of one leg: distance, acceleration and cornering from noisy fixes. Knows physics, no events."""

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
        return np.diff(self.seconds)

    @cached_property
    def holes(self) -> Bools:
        """Intervals in which nothing was observed: far longer than this leg's usual one; shape (n - 1,).

        Neither distance nor events of a hole count, so a rate per 100 km compares what was seen with what was seen.
        """
        if not len(self.intervals):
            return np.zeros(0, dtype=np.bool_)
        usual = float(np.median(self.intervals))
        return self.intervals > max(self.parameters.hole_at_least_s, self.parameters.hole_factor * usual)

    @cached_property
    def steps_m(self) -> Floats:
        """Distance driven in each interval, m; shape (n - 1,); 0 in holes.

        Between fixes a few seconds apart it is the integral of the speed (trapezoid): a receiver measures speed by
        Doppler shift, far better than the difference of two positions, which wanders even at rest. Over longer
        intervals it is the great circle (haversine).
        """
        trapezoid = (self.speed_ms[1:] + self.speed_ms[:-1]) / 2 * self.intervals
        dense = self.intervals <= self.parameters.speed_trapezoid_up_to_s
        steps = np.where(dense, trapezoid, _haversine_m(self.fixes))
        return np.where(self.holes, 0.0, steps)

    @cached_property
    def head_m(self) -> float:
        """What was driven before the first fix of a dense leg that begins in motion: half an interval on average, m."""
        if not len(self.intervals) or self.intervals[0] > self.parameters.speed_trapezoid_up_to_s:
            return 0.0
        return float(self.speed_ms[0] * self.intervals[0] / 2)

    @cached_property
    def acceleration(self) -> Floats:
        """Longitudinal acceleration at each fix, m/s²; shape (n,); NaN where the fixes are too far apart to tell."""
        return self._central_difference(self.speed_ms)

    @cached_property
    def lateral(self) -> Floats:
        """Lateral acceleration at each fix, m/s²: speed times the rate of change of the course, signed; shape (n,)."""
        course = np.unwrap(np.nan_to_num(np.radians(self.fixes["course"].astype(np.float64))))
        rate = self._central_difference(course)
        return np.where(np.isnan(self.fixes["course"]), np.nan, self.speed_ms * rate)

    def _central_difference(self, values: Floats) -> Floats:
        """Derivative by the neighbours on both sides, half as noisy as one difference; NaN at gaps and ends."""
        derivative = np.full(len(values), np.nan)
        if len(values) >= 3:
            close = self.intervals <= self.parameters.dense_interval_s
            span = self.seconds[2:] - self.seconds[:-2]
            difference = (values[2:] - values[:-2]) / span
            imprecise = self.fixes["hdop"][1:-1] > self.parameters.hdop_at_most
            derivative[1:-1] = np.where(close[1:] & close[:-1] & ~imprecise, difference, np.nan)
        return derivative


def _haversine_m(fixes: Positions) -> Floats:
    """Great-circle distances between neighbouring fixes, m; shape (n - 1,). Sinnott 1984, Sky & Telescope 68:159."""
    latitude, longitude = np.radians(fixes["latitude"]), np.radians(fixes["longitude"])
    chord = (
        np.sin(np.diff(latitude) / 2) ** 2
        + np.cos(latitude[1:]) * np.cos(latitude[:-1]) * np.sin(np.diff(longitude) / 2) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(chord, 1.0))))
