"""A leg as one fix a second in whole numbers: what forces are told from, and which seconds are no good for that.

Everything that needs a sine, a root of an angle or a median is made here, once, and rounded to millimetres. What is
computed from these rows afterwards are sums, differences, products, quotients and square roots, which come out the same
on every machine. docs/events.md has the formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from roadlens.scoring.parameters import Parameters
from roadlens.telemetry.track import KMH_PER_MS, Bools, Floats, Track

Ints = npt.NDArray[np.int64]

SECOND_US = 1_000_000
MM_PER_M = 1000
# Standard gravity (CGPM 1901). No tyre of a road vehicle changes its acceleration by more than that within a second.
_GRAVITY_MM = 9_807


class LeftOut(IntEnum):
    """Why nothing can be told between two rows, the gravest last."""

    NOTHING = 0
    IMPRECISE = 1
    SPARSE = 2
    FROZEN = 3
    JUMP = 4
    GAP = 5


@dataclass(frozen=True)
class Seconds:
    """The rows; every array of shape (n,), in the order of time.

    Attributes:
        index: which fix of the leg the row is.
        at_us: its Unix time, microseconds.
        speed_mms: its speed, mm/s.
        east_mms: its velocity eastwards, mm/s; 0 where the course is unknown.
        north_mms: northwards.
        course_known: whether the velocity is known: the fix has a course, or stands.
        left_out: a `LeftOut`: why nothing can be told between the row before and this one; 0 in the first row.
        segment: number of the run of rows in which forces can be told; it rises by one behind every interval left out.
    """

    index: Ints
    at_us: Ints
    speed_mms: Ints
    east_mms: Ints
    north_mms: Ints
    course_known: Bools
    left_out: Ints
    segment: Ints

    def seconds(self, reason: LeftOut) -> int:
        """How long nothing could be told for this reason, whole seconds."""
        lasted = self.at_us[1:] - self.at_us[:-1]
        return int(lasted[self.left_out[1:] == reason].sum() + SECOND_US // 2) // SECOND_US


def seconds(track: Track) -> Seconds:
    """The rows of a leg: of every second the first fix, a second reaching from half to half.

    So a device that sends ten a second is judged as one that sends one; and where a receiver's fixes lie at whole
    seconds, give or take some milliseconds, none is left out.
    """
    fixes = track.fixes
    second = (fixes["fix_time"] + SECOND_US // 2) // SECOND_US
    index = np.flatnonzero(np.concatenate(([True], second[1:] != second[:-1])))
    rows = fixes if len(index) == len(fixes) else fixes[index]
    speed = rows["speed_kmh"].astype(np.float64) / KMH_PER_MS * MM_PER_M
    course = np.radians(rows["course"].astype(np.float64))
    known = ~np.isnan(course)
    course = np.where(known, course, 0.0)
    known |= rows["speed_kmh"] < track.parameters.standing_below_kmh
    east, north = _whole(np.where(known, speed * np.sin(course), 0.0)), _whole(np.where(known, speed * np.cos(course), 0.0))
    left_out = _left_out(track, index)
    left_out = _with_spikes(left_out, _whole(speed), east, north)
    return Seconds(
        index, rows["fix_time"].astype(np.int64), _whole(speed), east, north, known, left_out, np.cumsum(left_out != 0)
    )


def _left_out(track: Track, index: Ints) -> Ints:
    """Why nothing can be told between neighbouring rows, by the fixes alone."""
    parameters: Parameters = track.parameters
    reasons = np.zeros(len(index), dtype=np.int64)
    if len(index) < 2:
        return reasons
    rows = track if len(index) == len(track.fixes) else Track(parameters, track.fixes[index])
    hdop = rows.fixes["hdop"]
    imprecise = (hdop[1:] > parameters.hdop_at_most) | (hdop[:-1] > parameters.hdop_at_most)
    driven = (rows.speed_ms[1:] + rows.speed_ms[:-1]) / 2 * rows.intervals
    chords = rows.chords_m
    frozen = (chords == 0) & (driven >= parameters.frozen_at_least_m)
    dense = rows.intervals <= parameters.dense_interval_s
    jump = np.where(
        dense,
        np.abs(chords - driven) > parameters.place_off_by_m,
        chords > parameters.jump_above_kmh / KMH_PER_MS * rows.intervals,
    )
    gap = track.holes if rows is track else np.logical_or.reduceat(track.holes, index[:-1])
    found = reasons[1:]
    for reason, where in (
        (LeftOut.IMPRECISE, imprecise),
        (LeftOut.SPARSE, ~dense),
        (LeftOut.JUMP, jump),
        (LeftOut.FROZEN, frozen),
        (LeftOut.GAP, gap & ~jump),
    ):
        found[where] = reason
    return reasons


def _with_spikes(left_out: Ints, speed: Ints, east: Ints, north: Ints) -> Ints:
    """The same, and imprecise on both sides of a row whose velocity leaves those beside it by more than one can."""
    if len(left_out) < 3:
        return left_out
    off = [2 * values[1:-1] - values[2:] - values[:-2] for values in (speed, east, north)]
    apart = (np.abs(off[0]) > _GRAVITY_MM) | (off[1] * off[1] + off[2] * off[2] > _GRAVITY_MM**2)
    spike = apart & (left_out[1:-1] == 0) & (left_out[2:] == 0)
    if not spike.any():
        return left_out
    beside = np.concatenate(([False], spike, [False])) | np.concatenate(([False, False], spike))
    return np.where(beside & (left_out == 0), LeftOut.IMPRECISE, left_out)


def mms(kmh: float) -> int:
    """A speed of a parameter in the unit of the rows, mm/s."""
    return round(kmh / KMH_PER_MS * MM_PER_M)


def _whole(values: Floats) -> Ints:
    return np.rint(values).astype(np.int64)
