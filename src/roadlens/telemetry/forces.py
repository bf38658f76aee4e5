"""What the rows of a leg show of braking, acceleration and cornering, each as a strength: at 1 it is harsh.

Sums, differences, products, quotients and square roots of whole numbers, over neighbouring rows of one segment: the
same numbers come out wherever the same rows are looked at. docs/events.md gives each formula and the reason for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from roadlens.domain import EventType
from roadlens.scoring.parameters import Parameters
from roadlens.telemetry.seconds import SECOND_US, Ints, LeftOut, Seconds, mms
from roadlens.telemetry.track import Bools, Floats

# Rows without a value that are put before, between and behind segments: no window reaches further.
_APART = 5
LONGEST_BURST = 6  # rows
# What ends a segment though the device was not silent: its fixes are not of one drive.
TEARS = (LeftOut.FROZEN, LeftOut.JUMP)
# mm/s in a microsecond, in m/s².
_MS2 = 1000.0


@dataclass(frozen=True)
class Forces:
    """Kept arrays have `_APART` rows of NaN around each segment, so that no window looks from one into the next.

    `strength` and `severity` give arrays of shape (n,), one value a row.
    """

    parameters: Parameters
    rows: Seconds

    def strength(self, kind: EventType) -> Floats:
        """How strongly each row shows a harsh type: at 1 it is harsh; 0 where nothing is shown or can be told."""
        match kind:
            case EventType.HARSH_BRAKING:
                found = self._braking
            case EventType.RAPID_ACCELERATION:
                found = self._acceleration
            case _:
                found = self._cornering
        return np.fmax(found[self._places], 0.0)

    def severity(self, kind: EventType) -> Floats:
        """The force that goes with it, m/s²; NaN where it cannot be told."""
        match kind:
            case EventType.HARSH_BRAKING:
                return _greatest(-self._firm, 0, 2)[self._places]
            case EventType.RAPID_ACCELERATION:
                return _greatest(self._firm, 0, 2)[self._places]
            case _:
                return self._firm_across[self._places]

    @cached_property
    def _braking(self) -> Floats:
        """It brakes hard for a while; or it brakes, and lets go within four seconds while it still rolls.

        It is braking where it brakes, not where it lets go, two rows further on.
        """
        p = self.parameters
        braked = _greatest(-self._smooth, -2, 0)
        let_go = (self._speed >= mms(p.gps_braking_from_kmh)) & (braked >= p.gps_braking_at_least_ms2)
        if let_go.any():
            let_go &= self._straight
        swing = np.where(let_go, (_greatest(self._smooth, 0, 2) + braked) / p.gps_braking_swing_ms2, 0.0)
        return np.fmax(-self._firm / p.gps_braking_ms2, _at(swing, 2))

    @cached_property
    def _acceleration(self) -> Floats:
        """It gains speed hard for a while; or begins to within 3 s; or starts so that the receiver stumbles."""
        p = self.parameters
        rise = (self._raw - _at(self._raw, -3)) / ((self._time - _at(self._time, -3)) / (3 * SECOND_US))
        sudden = (self._speed >= mms(p.gps_acceleration_from_kmh)) & self._close(-4, 1)
        sudden &= _greatest(self._smooth, 0, 3) >= p.gps_acceleration_at_least_ms2
        if sudden.any():
            sudden &= self._straight
        found = np.fmax(self._firm / p.gps_acceleration_ms2, np.where(sudden, rise / p.gps_acceleration_swing_ms2, 0.0))
        starts = self._raw >= p.gps_start_ms2
        if not starts.any():
            return found
        return np.fmax(found, np.where(starts, self._stumble / mms(p.gps_start_stumble_kmh), 0.0))

    @cached_property
    def _cornering(self) -> Floats:
        """It bends hard; or it bends while it brakes or accelerates: 1 Hz flattens a bend more than those."""
        p = self.parameters
        rolls = self._speed >= mms(p.cornering_speed_at_least_kmh)
        both = _greatest(np.abs(self._along), -2, 2) >= p.gps_cornering_along_ms2
        found = np.fmax(
            self._firm_across / p.gps_cornering_ms2, np.where(both, self._across / p.gps_cornering_across_ms2, 0.0)
        )
        return np.where(rolls, found, 0.0)

    @cached_property
    def _raw(self) -> Floats:
        """Acceleration by the speeds one row before and after, m/s²."""
        change, lasted = _at(self._speed, 1) - _at(self._speed, -1), self._lasted(-1, 1)
        return np.where(self._close(-1, 1), _MS2 * change / lasted, np.nan)

    @cached_property
    def _smooth(self) -> Floats:
        """The same by the means of three speeds: the speed of a receiver wanders by some decimetres a second."""
        speeds, times = _threes(self._speed), self._times
        change, lasted = _at(speeds, 1) - _at(speeds, -1), _at(times, 1) - _at(times, -1)
        return np.where(self._close(-2, 2), _MS2 * change / lasted, np.nan)

    @cached_property
    def _vectors(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Three times the mean velocity of three rows, how it changes over four, and what to divide a product by."""
        east, north = (_threes(values) for values in self._velocity)
        by = np.sqrt(east * east + north * north) * (_at(self._times, 2) - _at(self._times, -2))
        by = np.where(self._close(-3, 3) & (by > 0), by, np.nan)
        return east, north, _at(east, 2) - _at(east, -2), _at(north, 2) - _at(north, -2), by

    @cached_property
    def _along(self) -> Floats:
        """Acceleration in the direction of travel, by the mean velocities two rows before and after, m/s²."""
        east, north, east_change, north_change, by = self._vectors
        return np.asarray(_MS2 * (east_change * east + north_change * north) / by)

    @cached_property
    def _across(self) -> Floats:
        """Acceleration across the direction of travel, to either side, m/s²."""
        east, north, east_change, north_change, by = self._vectors
        return np.asarray(np.abs(_MS2 * (east_change * north - north_change * east) / by))

    @cached_property
    def _firm(self) -> Floats:
        """The smooth acceleration; in a burst, where that is unknown, the raw one: no spike is as strong as 3 m/s²."""
        return np.where(np.isnan(self._smooth) & self._burst, self._raw, self._smooth)

    @cached_property
    def _firm_across(self) -> Floats:
        """As `_firm`, across the direction of travel."""
        east, north = self._velocity
        east_change, north_change = (_at(values, 1) - _at(values, -1) for values in (east, north))
        by = np.sqrt(east * east + north * north) * self._lasted(-1, 1)
        by = np.where(self._close(-1, 1) & (by > 0), by, np.nan)
        raw = np.abs(_MS2 * (east_change * north - north_change * east) / by)
        return np.where(np.isnan(self._across) & self._burst, raw, self._across)

    @cached_property
    def _burst(self) -> Bools:
        """Rows of bursts."""
        return np.asarray(self._laid_out(_bursts(self.rows)) == 1)

    @cached_property
    def _straight(self) -> Bools:
        """No bend within three rows; where that cannot be told it may be one."""
        return np.asarray(_greatest(self._across, -3, 3) < self.parameters.gps_bend_ms2)

    @cached_property
    def _stumble(self) -> Floats:
        """By how much the speed fell from one row to the next in the last five, soon after standing, mm/s.

        A receiver holds the speed of a vehicle that stands at 0. A start that is hard enough tears it loose: it jumps,
        falls back, and only then follows.
        """
        standing = _at(_greatest(-self._speed, -3, 0), -2) > -mms(self.parameters.gps_start_from_kmh)
        return _greatest(np.where(standing, _at(self._speed, -1) - self._speed, np.nan), -4, 0)

    @cached_property
    def _places(self) -> Ints:
        """Where each row lies in the kept arrays."""
        return np.arange(len(self.rows.index)) + _APART * (self.rows.segment + 1)

    @cached_property
    def _speed(self) -> Floats:
        return self._laid_out(self.rows.speed_mms)

    @cached_property
    def _velocity(self) -> tuple[Floats, Floats]:
        """Eastwards and northwards; NaN where the course is unknown."""
        rows, known = self.rows, self.rows.course_known
        east, north = (np.where(known, values, np.nan) for values in (rows.east_mms, rows.north_mms))
        return self._laid_out(east), self._laid_out(north)

    @cached_property
    def _time(self) -> Floats:
        return self._laid_out(self.rows.at_us - self.rows.at_us[0])

    @cached_property
    def _times(self) -> Floats:
        """Sums of three times, to go with sums of three speeds: where a fix is missing, both leave it out."""
        return _threes(self._time)

    def _laid_out(self, values: Any) -> Floats:
        laid_out = np.full(int(self._places[-1]) + 1 + _APART, np.nan)
        laid_out[self._places] = values
        return laid_out

    def _lasted(self, before: int, after: int) -> Floats:
        """Microseconds between two of the rows beside each."""
        return np.asarray(_at(self._time, after) - _at(self._time, before))

    def _close(self, before: int, after: int) -> Bools:
        """Whether all rows of a window are there, and it lasts no longer than it should by more than a missing fix."""
        return self._lasted(before, after) <= _longest_us(self.parameters, after - before)


def looked_at(parameters: Parameters, rows: Seconds) -> Bools:
    """Whether the interval before each row lies among rows that `firm` is told from: five, or three of a burst.

    Where fixes are no further apart than windows bear once, but further time and again, none of them is.
    """
    found = np.zeros(len(rows.index), dtype=np.bool_)
    for steps, which in ((4, None), (2, _bursts(rows))):
        last = len(found) - steps
        if last <= 0:
            continue
        together = rows.segment[steps:] == rows.segment[:last]
        together &= rows.at_us[steps:] - rows.at_us[:last] <= _longest_us(parameters, steps)
        if which is not None:
            together &= which[:last]
        for step in range(1, steps + 1):
            found[step : step + last] |= together
    return found


def _bursts(rows: Seconds) -> Bools:
    """Rows of a segment too short for a bend: what trackers send around a manoeuvre.

    What is left between two jumps is as short, and shows none.
    """
    segment = rows.segment
    few = np.bincount(segment) <= LONGEST_BURST
    torn = np.flatnonzero(np.isin(rows.left_out, TEARS))
    few[segment[torn]] = False
    few[segment[torn] - 1] = False  # never before the first: that row has nothing left out before it
    return np.asarray(few[segment])


def _longest_us(parameters: Parameters, steps: int) -> float:
    """How long a window of so many steps lasts at most: one fix may be missing in it."""
    return (steps + parameters.window_slack_s) * SECOND_US


def _at(values: Floats, offset: int) -> Floats:
    """Each row's neighbour so many rows later. The ends belong to no segment and stay without a value."""
    moved = np.empty_like(values)
    if offset > 0:
        moved[:-offset], moved[-offset:] = values[offset:], np.nan
    else:
        moved[-offset:], moved[:-offset] = values[:offset], np.nan
    return moved


def _threes(values: Floats) -> Floats:
    """The sum of each row and those beside it."""
    return _at(values, -1) + values + _at(values, 1)


def _greatest(values: Floats, before: int, after: int) -> Floats:
    """The greatest value of the rows in a window; NaN where none has any."""
    found = values.copy()
    for offset in range(1, after + 1):
        np.fmax(found[:-offset], values[offset:], out=found[:-offset])
    for offset in range(1, 1 - before):
        np.fmax(found[offset:], values[:-offset], out=found[offset:])
    return found
