"""What a leg adds up to: distance, by kind of hour and above the limit, and the time in which little could be told.

Sums of whole numbers over rows, so that they come out the same in whatever order they are added.
"""

from __future__ import annotations

from datetime import timedelta, tzinfo
from typing import NamedTuple

import numpy as np

from roadlens.domain import from_unix_microseconds
from roadlens.scoring.parameters import Parameters
from roadlens.telemetry.forces import looked_at
from roadlens.telemetry.manoeuvres import speeds
from roadlens.telemetry.seconds import MM_PER_M, SECOND_US, Ints, LeftOut, Seconds
from roadlens.telemetry.track import Bools, Track

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
_UNIX_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0
_SATURDAY = 5
_COLUMNS = {f"{reason.name.lower()}_s": int(reason) for reason in LeftOut if reason}


class Sums(NamedTuple):
    """Whole metres and whole seconds. What is left out is None where nobody has looked: see `LeftOut`."""

    distance_m: int
    moving_s: int
    night_m: int
    rush_hour_m: int
    weekend_m: int
    speeding_m: int
    speeding_s: int | None = None
    gap_s: int | None = None
    jump_s: int | None = None
    frozen_s: int | None = None
    sparse_s: int | None = None
    imprecise_s: int | None = None


def sum_up(track: Track, rows: Seconds, zone: tzinfo) -> Sums | None:
    """The sums of a leg; None when it is too short to be a trip.

    Args:
        track: the leg.
        rows: its rows, `seconds(track)`.
        zone: the installation's time zone: decides which hours are night, rush hour or weekend.
    """
    parameters, fixes = track.parameters, track.fixes
    distance_mm = int(rows.step_mm.sum())
    if distance_mm < parameters.trip_at_least_m * MM_PER_M:
        return None
    began_us = np.concatenate((rows.at_us[:1], rows.at_us[:-1]))
    night, rush_hour, weekend = hours(parameters, began_us, zone)
    speeding = speeds(parameters, rows)
    lasted = fixes["fix_time"][1:] - fixes["fix_time"][:-1]
    moving = (fixes["speed_kmh"] >= parameters.standing_below_kmh)[1:] & ~track.holes
    return Sums(
        distance_m=metres(distance_mm),
        moving_s=int(lasted[moving].sum() + SECOND_US // 2) // SECOND_US,
        night_m=metres(rows.step_mm[night].sum()),
        rush_hour_m=metres(rows.step_mm[rush_hour].sum()),
        weekend_m=metres(rows.step_mm[weekend].sum()),
        speeding_m=metres(rows.step_mm[speeding].sum()),
        speeding_s=rows.lasted_s(speeding),
        **_left_out(parameters, rows),
    )


def hours(parameters: Parameters, began_us: Ints, zone: tzinfo) -> tuple[Bools, Bools, Bools]:
    """Which intervals begin at night, in a weekday's rush hour, on a weekend; each of the shape of `began_us`.

    The zone's offset at the start holds for the whole leg: a clock that is put forward during it moves no hours.
    """
    start = from_unix_microseconds(int(began_us[0])).astimezone(zone)
    local = began_us + (start.utcoffset() or timedelta()) // timedelta(microseconds=1)
    hour = local % (_DAY_S * SECOND_US) / (_HOUR_S * SECOND_US)
    weekend = (local // (_DAY_S * SECOND_US) + _UNIX_EPOCH_WEEKDAY) % 7 >= _SATURDAY
    night = (hour >= parameters.night_from_hour) | (hour < parameters.night_until_hour)
    rush = (hour >= parameters.morning_rush_from_hour) & (hour < parameters.morning_rush_until_hour)
    rush |= (hour >= parameters.evening_rush_from_hour) & (hour < parameters.evening_rush_until_hour)
    return night, rush & ~weekend, weekend


def _left_out(parameters: Parameters, rows: Seconds) -> dict[str, int]:
    """Seconds by reason; where nothing speaks against an interval, but no force is looked for in it, it is sparse."""
    unseen = (rows.left_out == LeftOut.NOTHING) & ~looked_at(parameters, rows)
    reasons = np.where(unseen, LeftOut.SPARSE, rows.left_out)
    lasted = np.bincount(reasons[1:], rows.at_us[1:] - rows.at_us[:-1], len(LeftOut))
    return {column: (int(lasted[reason]) + SECOND_US // 2) // SECOND_US for column, reason in _COLUMNS.items()}


def metres(millimetres: int) -> int:
    """Rounded to whole metres."""
    return (int(millimetres) + MM_PER_M // 2) // MM_PER_M
