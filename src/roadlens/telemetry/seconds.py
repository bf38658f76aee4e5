"""A leg as one fix a second in whole numbers: what forces are told from, and which seconds are no good for that.

Everything that needs a sine, a root of an angle or a median is made here, once, and rounded to millimetres. What is
computed from these rows afterwards are sums, differences, products, quotients and square roots, which come out the same
on every machine. docs/events.md has the formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from roadlens.telemetry.track import KMH_PER_MS, Bools, Floats, Track

Ints = npt.NDArray[np.int64]

SECOND_US = 1_000_000
MM_PER_M = 1000
# Standard gravity (CGPM 1901). No tyre of a road vehicle changes its acceleration by more than that within a second.
_GRAVITY_MM = 9_807
# Where a speed leaves those beside it by so much (it counts twice) and comes back, it is the receiver's, not the
# vehicle's; but for a start, at which receivers stumble (see `Forces`): one of the three stands.
_THERE_AND_BACK_MM = 4_000
_STOOD_MM = 500
# Nearer than that, a place may be the same for being rounded.
_REPEATED_M = 5
# A limit above it is none that binds; it may be infinite, too great for its column.
_NO_VEHICLE_KMH = 1_000.0


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
        limit_mms: the speed limit that the device names, mm/s; 0 without one.
        step_mm: what was driven since the row before, mm. In the first row what was driven before it, in the last also
            what came after it: they add up to the leg's distance.
        left_out: a `LeftOut`: why nothing can be told between the row before and this one; 0 in the first row.
        segment: number of the run of rows in which forces can be told; it rises by one behind every interval left out.
    """

    index: Ints
    at_us: Ints
    speed_mms: Ints
    east_mms: Ints
    north_mms: Ints
    course_known: Bools
    limit_mms: Ints
    step_mm: Ints
    left_out: Ints
    segment: Ints

    def lasted_s(self, which: Bools) -> int:
        """How long the intervals before these rows lasted, whole seconds."""
        lasted = self.at_us[1:] - self.at_us[:-1]
        return int(lasted[which[1:]].sum() + SECOND_US // 2) // SECOND_US

    @cached_property
    def show_forces(self) -> bool:
        """Whether anywhere three rows in a row are of one segment: fewer show no acceleration."""
        together = self.left_out[1:] == 0
        return bool((together[1:] & together[:-1]).any())

    @cached_property
    def followed(self) -> Bools:
        """Rows whose speed holds for the interval before them: no gap, no leap, and the place did not stand still."""
        return np.asarray(self.left_out < LeftOut.FROZEN)


def seconds(track: Track) -> Seconds:
    """The rows of a leg: of every second the first fix, a second reaching from half to half.

    So a device that sends ten a second is judged as one that sends one; and where a receiver's fixes lie at whole
    seconds, give or take some milliseconds, none is left out.
    """
    fixes = track.fixes
    second = (fixes["fix_time"] + SECOND_US // 2) // SECOND_US
    index = np.flatnonzero(np.concatenate(([True], second[1:] != second[:-1])))
    rows = track if len(index) == len(fixes) else Track(track.parameters, fixes[index])
    speed = rows.speed_ms * MM_PER_M
    degrees = rows.fixes["course"].astype(np.float64)
    known = ~np.isnan(degrees)
    course = np.radians(np.where(known, degrees, 0.0))
    east = _whole(np.where(known, speed * np.sin(course), 0.0))
    north = _whole(np.where(known, speed * np.cos(course), 0.0))
    known |= rows.fixes["speed_kmh"] < track.parameters.standing_below_kmh
    left_out = _with_spikes(_left_out(track, rows, index), _whole(speed), east, north, known)
    return Seconds(
        index=index,
        at_us=rows.fixes["fix_time"].astype(np.int64),
        speed_mms=_whole(speed),
        east_mms=east,
        north_mms=north,
        course_known=known,
        limit_mms=_limits(rows),
        step_mm=_steps(track, index),
        left_out=left_out,
        segment=np.cumsum(left_out != 0),
    )


def mms(kmh: float) -> int:
    """A speed of a parameter in the unit of the rows, mm/s."""
    return round(kmh / KMH_PER_MS * MM_PER_M)


def _left_out(track: Track, rows: Track, index: Ints) -> Ints:
    """Why nothing can be told between neighbouring rows, by the fixes alone."""
    parameters = track.parameters
    reasons = np.zeros(len(index), dtype=np.int64)
    if len(index) < 2:
        return reasons
    hdop = rows.fixes["hdop"] > parameters.hdop_at_most
    driven = (rows.speed_ms[1:] + rows.speed_ms[:-1]) / 2 * rows.intervals
    dense = rows.intervals <= parameters.dense_interval_s
    too_far = rows.chords_m > parameters.jump_above_kmh / KMH_PER_MS * rows.intervals
    jump = np.where(dense, np.abs(rows.chords_m - driven) > parameters.place_off_by_m, too_far)
    stays = (driven > 0) & ((rows.chords_m == 0) | (dense & (rows.chords_m <= driven / 10)))
    repeated = (driven >= _REPEATED_M) & (rows.chords_m == 0) & _same(rows, "speed_kmh") & _same(rows, "course")
    gap = track.holes if rows is track else np.logical_or.reduceat(track.holes, index[:-1])
    for reason, where in (
        (LeftOut.IMPRECISE, hdop[1:] | hdop[:-1]),
        (LeftOut.SPARSE, ~dense),
        (LeftOut.JUMP, jump),
        (LeftOut.FROZEN, repeated | _runs_of(stays, driven, parameters.frozen_at_least_m)),
        (LeftOut.GAP, gap & ~jump),
    ):
        reasons[1:][where] = reason
    return reasons


def _same(rows: Track, field: str) -> Bools:
    return np.asarray(rows.fixes[field][1:] == rows.fixes[field][:-1])


def _runs_of(which: Bools, amounts: Floats, at_least: float) -> Bools:
    """Those that lie in a run whose amounts add up to so much."""
    if not which.any():
        return which
    starts = np.flatnonzero(np.concatenate(([True], which[1:] != which[:-1])))
    sums = np.add.reduceat(amounts, starts)
    return which & np.repeat(sums >= at_least, np.diff(np.append(starts, len(which))))


def _with_spikes(left_out: Ints, speed: Ints, east: Ints, north: Ints, known: Bools) -> Ints:
    """The same, and imprecise on both sides of a spike: of a row whose speed, or velocity, its neighbours belie."""
    if len(left_out) < 3:
        return left_out
    by_speed = _leave([speed])
    by_velocity = np.where(known[1:-1] & known[2:] & known[:-2], _leave([east, north]), 0)
    if max(by_speed.max(), by_velocity.max()) <= _THERE_AND_BACK_MM**2:
        return left_out
    stands = np.minimum(np.minimum(speed[2:], speed[:-2]), speed[1:-1]) < _STOOD_MM
    spike = _belied(by_speed, [speed], stands) | _belied(by_velocity, [east, north], stands)
    spike &= (left_out[1:-1] == 0) & (left_out[2:] == 0)
    if not spike.any():
        return left_out
    beside = np.concatenate(([False], spike, [False])) | np.concatenate(([False, False], spike))
    return np.where(beside & (left_out == 0), LeftOut.IMPRECISE, left_out)


def _leave(components: list[Ints]) -> Ints:
    """By how much rows leave those beside them, counted twice and squared."""
    return np.asarray(sum((each[2:] + each[:-2] - 2 * each[1:-1]) ** 2 for each in components))


def _belied(off: Ints, components: list[Ints], stands: Bools) -> Bools:
    """Whether rows change their acceleration by more than can be, or leave their neighbours only to come back."""
    on = sum((each[2:] - each[:-2]) ** 2 for each in components)
    back = (off > _THERE_AND_BACK_MM**2) & (off > 4 * on) & ~stands
    return np.asarray(back | (off > _GRAVITY_MM**2))


def _limits(rows: Track) -> Ints:
    limit = rows.fixes["speed_limit_kmh"].astype(np.float64)
    known = np.where(limit > 0, np.minimum(limit, _NO_VEHICLE_KMH), 0.0)  # NaN is not above 0
    return _whole(known / KMH_PER_MS * MM_PER_M)


def _steps(track: Track, index: Ints) -> Ints:
    steps = _whole(np.concatenate(([track.head_m], track.steps_m)) * MM_PER_M)
    if len(index) == len(steps):
        return steps
    return np.asarray(np.add.reduceat(steps, np.concatenate(([0], index[:-1] + 1))))


def _whole(values: Floats) -> Ints:
    return np.rint(values).astype(np.int64)
