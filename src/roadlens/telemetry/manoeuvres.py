"""Where the rows of a leg show a type of event for long enough: stretches. Knows strengths and time, no alarms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from roadlens.domain import EventType
from roadlens.scoring.parameters import Parameters
from roadlens.telemetry.forces import Forces
from roadlens.telemetry.seconds import MM_PER_M, SECOND_US, Ints, Seconds, mms
from roadlens.telemetry.track import KMH_PER_MS, Bools, Floats

HARSH = (EventType.HARSH_BRAKING, EventType.RAPID_ACCELERATION, EventType.HARSH_CORNERING)


class Stretch(NamedTuple):
    """A run of rows that shows a type: Unix time in microseconds of the first, the worst and the last of them.

    `strength` says how badly, to compare stretches with; `severity` is in the unit of the event's, not rounded.
    """

    first_us: int
    worst_us: int
    last_us: int
    strength: float
    severity: float


class Shown(NamedTuple):
    """What each row shows of a type, and from which strength on a stretch begins, and counts."""

    strength: Floats
    severity: Callable[[], Floats]
    begins_at: float
    counts_at: float
    lasts_us: float
    joined: npt.NDArray[np.int64]


def shown(parameters: Parameters, rows: Seconds, forces: Forces, kind: EventType) -> Shown | None:
    """What the rows show of a type; None where positions cannot show it."""
    if kind in HARSH:
        if not rows.show_forces:
            return None
        least_us = parameters.manoeuvre_at_least_s * SECOND_US
        severity = partial(forces.severity, kind)
        return Shown(forces.strength(kind), severity, parameters.manoeuvre_hysteresis, 1.0, least_us, rows.segment)
    if kind is EventType.SPEEDING:
        over = over_limit_mms(parameters, rows).astype(np.float64)
        tolerance, least_us = mms(parameters.speeding_tolerance_kmh), parameters.speeding_at_least_s * SECOND_US
        joined = np.cumsum(~rows.followed, dtype=np.int64)
        return Shown(over, lambda: over * KMH_PER_MS / MM_PER_M, tolerance, tolerance, least_us, joined)
    return None


def stretches(rows: Seconds, shown: Shown) -> list[Stretch]:
    """The stretches of a leg, in the order of time."""
    beyond = shown.strength >= shown.begins_at
    if not beyond.any() or not (shown.strength >= shown.counts_at).any():
        return []
    found, severities = [], shown.severity()
    for first, last in _runs(beyond, shown.joined):
        worst = first + int(np.argmax(shown.strength[first : last + 1]))
        lasted = rows.at_us[last] - rows.at_us[first]
        if shown.strength[worst] >= shown.counts_at and lasted >= shown.lasts_us:
            first_us, worst_us, last_us = (int(rows.at_us[row]) for row in (first, worst, last))
            strength, severity = float(shown.strength[worst]), float(severities[worst])
            found.append(Stretch(first_us, worst_us, last_us, strength, severity))
    return found


def worst_within(rows: Seconds, shown: Shown, first_us: int, last_us: int) -> float | None:
    """The greatest severity that rows of a span of time show, not rounded; None where they show nothing."""
    span = slice(int(np.searchsorted(rows.at_us, first_us)), int(np.searchsorted(rows.at_us, last_us, side="right")))
    severity = shown.severity()[span]
    severity = severity[severity > 0]  # NaN is not above 0
    return float(severity.max()) if len(severity) else None


def over_limit_mms(parameters: Parameters, rows: Seconds) -> Ints:
    """How far each row is above the limit that holds, mm/s, tolerance not taken off: the device's or the class's."""
    limit = rows.limit_mms
    ours = mms(parameters.speed_at_most_kmh)
    if ours:
        return rows.speed_mms - np.where(limit > 0, np.minimum(limit, ours), ours)
    return rows.speed_mms - np.where(limit > 0, limit, mms(parameters.speed_limit_otherwise_kmh))


def speeds(parameters: Parameters, rows: Seconds) -> Bools:
    """Rows above the limit and its tolerance, whose speed holds for the interval before them."""
    return rows.followed & (over_limit_mms(parameters, rows) >= mms(parameters.speeding_tolerance_kmh))


def _runs(which: Bools, joined: Ints) -> list[tuple[int, int]]:
    """First and last of neighbouring rows that hold and have the same number in `joined`."""
    indices = np.flatnonzero(which)
    parted = np.flatnonzero((indices[1:] - indices[:-1] > 1) | (joined[indices[1:]] != joined[indices[:-1]])) + 1
    starts, ends = np.concatenate(([0], parted)), np.append(parted, len(indices)) - 1
    return list(zip(indices[starts].tolist(), indices[ends].tolist(), strict=True))
