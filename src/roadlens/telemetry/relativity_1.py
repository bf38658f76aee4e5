"""The rules of the first releases, for databases whose active score version is of `relativity-1`: one threshold on a
central difference. Kept as they were; what is derived and summed up by them comes out as it was stored.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import NamedTuple

import numpy as np

from roadlens.domain import EventSource, EventType
from roadlens.scoring.parameters import Parameters
from roadlens.telemetry.derive import Event, alarms, margin_us, with_shares
from roadlens.telemetry.excess import Excess, Span
from roadlens.telemetry.manoeuvres import HARSH
from roadlens.telemetry.sums import Sums, hours
from roadlens.telemetry.track import KMH_PER_MS, Bools, Floats, Track


class _Episode(NamedTuple):
    first: int
    worst: int
    last: int
    severity: float


def derive(track: Track) -> list[Event]:
    """All events of a leg in the order of time; an alarm and a derivation of the same moment are the device's one."""
    parameters, at = track.parameters, track.fixes["fix_time"]
    found: list[Event] = []
    fast: list[Span] = []
    for kind in EventType:
        measure, margin = _measure(track, kind), margin_us(parameters, kind)
        told = alarms(track, kind)
        for first, last in told:
            severity = None if measure is None else _severity_near(track, kind, measure, first, last)
            found.append(Event(kind, EventSource.DEVICE, first, first, last, severity, parameters.device_confidence))
        confidence = parameters.gps_speeding_confidence if kind is EventType.SPEEDING else parameters.gps_confidence
        for episode in _derived(track, kind, measure):
            first, worst, last = (int(at[index]) for index in episode[:3])
            if kind is EventType.SPEEDING:
                fast.append((first, last))
            if not any(alarm - margin <= last and first <= end + margin for alarm, end in told):
                found.append(Event(kind, EventSource.GPS, first, worst, last, episode.severity, confidence))
    return with_shares(parameters, found, fast, _excess(track))


def over_limit_kmh(track: Track) -> Floats:
    """How far each fix is above the limit that holds there, km/h, tolerance not taken off; shape (n,)."""
    limit = track.fixes["speed_limit_kmh"].astype(np.float64)
    known = np.where(limit > 0, limit, track.parameters.speed_limit_otherwise_kmh)  # NaN is not above 0
    return np.asarray(track.fixes["speed_kmh"] - known)


def acceleration(track: Track) -> Floats:
    """Longitudinal acceleration at each fix, m/s²; shape (n,); NaN where the fixes are too far apart to tell."""
    return _rate(track, track.speed_ms[1:] - track.speed_ms[:-1])


def lateral(track: Track) -> Floats:
    """Lateral acceleration at each fix, m/s²: speed times the rate of change of the course, signed; shape (n,).

    NaN also beside a fix without a course. Between two fixes the vehicle turned the shorter way round.
    """
    course = np.radians(track.fixes["course"].astype(np.float64))
    turns = course[1:] - course[:-1]
    return track.speed_ms * _rate(track, (turns + np.pi) % (2 * np.pi) - np.pi)


def _rate(track: Track, changes: Floats) -> Floats:
    """A quantity's derivative at each fix from its change in each interval; shape (n,); NaN at gaps and ends.

    It takes the neighbours on both sides, which halves the noise of one difference.
    """
    rate = np.full(len(track.fixes), np.nan)
    if len(rate) >= 3:
        intervals = track.intervals
        close = intervals <= track.parameters.dense_interval_s
        imprecise = track.fixes["hdop"][1:-1] > track.parameters.hdop_at_most
        mean = (changes[1:] + changes[:-1]) / (intervals[1:] + intervals[:-1])
        rate[1:-1] = np.where(close[1:] & close[:-1] & ~imprecise, mean, np.nan)
    return rate


def _derived(track: Track, kind: EventType, measure: Floats | None) -> list[_Episode]:
    if measure is None:
        return []
    parameters: Parameters = track.parameters
    threshold = _threshold(parameters, kind)
    beyond = measure >= threshold
    if not beyond.any():
        return []
    if kind is EventType.HARSH_CORNERING:
        beyond &= track.speed_ms * KMH_PER_MS >= parameters.cornering_speed_at_least_kmh
    at_least = parameters.speeding_at_least_s if kind is EventType.SPEEDING else 0.0
    found = []
    for first, last in _episodes(track, beyond, margin_us(parameters, kind) / 1e6):
        if track.seconds[last] - track.seconds[first] >= at_least:
            worst = first + int(np.nanargmax(np.where(beyond[first : last + 1], measure[first : last + 1], -np.inf)))
            found.append(_Episode(first, worst, last, round(float(measure[worst]), 2)))
    return found


def _threshold(parameters: Parameters, kind: EventType) -> float:
    match kind:
        case EventType.HARSH_BRAKING:
            return parameters.gps_braking_ms2
        case EventType.RAPID_ACCELERATION:
            return parameters.gps_acceleration_ms2
        case EventType.HARSH_CORNERING:
            return parameters.gps_cornering_ms2
        case _:
            return parameters.speeding_tolerance_kmh


def _measure(track: Track, kind: EventType) -> Floats | None:
    """How strongly each fix shows this type, in the unit of its severity; None where positions cannot show it."""
    match kind:
        case EventType.HARSH_BRAKING:
            return -acceleration(track)
        case EventType.RAPID_ACCELERATION:
            return acceleration(track)
        case EventType.HARSH_CORNERING:
            return np.abs(lateral(track))
        case EventType.SPEEDING:
            return over_limit_kmh(track)
        case EventType.PHONE_USE:
            return None


def _severity_near(track: Track, kind: EventType, measure: Floats, first_us: int, last_us: int) -> float | None:
    """The strongest measure around an alarm, None where the fixes do not show it.

    A receiver at 1 Hz lags the accelerometer by about a second, so the manoeuvre's margin is searched on both sides.
    """
    margin = round(track.parameters.same_manoeuvre_s * 1e6) if kind in HARSH else 0
    at = track.fixes["fix_time"]
    near = slice(int(np.searchsorted(at, first_us - margin)), int(np.searchsorted(at, last_us + margin, side="right")))
    seen = measure[near][~np.isnan(measure[near])]
    strongest = float(seen.max()) if len(seen) else 0.0
    return round(strongest, 2) if strongest > 0 else None


def _episodes(track: Track, shown: Bools, margin: float) -> list[tuple[int, int]]:
    """First and last of the shown fixes that belong together: no more than `margin` seconds from one to the next."""
    indices = np.flatnonzero(shown)
    if not len(indices):
        return []
    apart = np.diff(track.seconds[indices]) > margin
    starts = np.concatenate(([0], np.flatnonzero(apart) + 1))
    ends = np.append(starts[1:], len(indices)) - 1
    return [(int(indices[start]), int(indices[end])) for start, end in zip(starts, ends, strict=True)]


def sum_up(track: Track, zone: tzinfo) -> Sums | None:
    """The sums of a leg, of floating-point metres; None when it is too short to be a trip."""
    parameters, steps = track.parameters, track.steps_m
    driven = float(steps.sum()) + track.head_m
    if driven < parameters.trip_at_least_m:
        return None
    began = track.fixes["fix_time"][:-1] if len(steps) else track.fixes["fix_time"]
    night, rush_hour, weekend = (which[: len(steps)] for which in hours(parameters, began, zone))
    moving = (track.fixes["speed_kmh"] >= parameters.standing_below_kmh)[1:] & ~track.holes
    return Sums(
        distance_m=round(driven),
        moving_s=round(float(track.intervals[moving].sum())),
        night_m=round(float(steps[night].sum())),
        rush_hour_m=round(float(steps[rush_hour].sum())),
        weekend_m=round(float(steps[weekend].sum())),
        speeding_m=_speeding_m(steps[_speeding(track)]),
    )


def _speeding(track: Track) -> Bools:
    """Intervals above the limit and its tolerance; shape (n - 1,)."""
    return np.asarray(over_limit_kmh(track)[1:] > track.parameters.speeding_tolerance_kmh)


def _speeding_m(steps: Floats) -> int:
    return round(float(steps.sum()))


def _excess(track: Track) -> Excess:
    """The same as whole metres that add up to the leg's; nobody has looked for how long it was."""
    which = _speeding(track)
    steps = track.steps_m[which]
    reached = np.minimum(np.rint(np.cumsum(steps)), _speeding_m(steps)).astype(np.int64)
    reached[-1:] = _speeding_m(steps)
    return Excess(track.fixes["fix_time"][1:][which], np.diff(reached, prepend=0), None)
