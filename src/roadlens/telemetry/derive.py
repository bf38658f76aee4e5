"""Derives a leg's safety events: the device's own alarms, and what its positions show. One manoeuvre is one event.

Knows thresholds only by the parameters that it is given.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from roadlens.domain import EventSource, EventType
from roadlens.scoring.parameters import Parameters
from roadlens.telemetry.track import KMH_PER_MS, Bools, Floats, Track

# Types that last: a device repeats the alarm while they do, and two close ones are one episode.
_LASTING = (EventType.SPEEDING, EventType.PHONE_USE)
_HARSH = (EventType.HARSH_BRAKING, EventType.RAPID_ACCELERATION, EventType.HARSH_CORNERING)


class Event(NamedTuple):
    """An event of a leg: fixes [first, last] of it, with the one where it is worst. Severity: see `EventRow`."""

    event_type: EventType
    source: EventSource
    first: int
    worst: int
    last: int
    severity: float | None
    confidence: float


def derive(track: Track) -> list[Event]:
    """All events of a leg in the order of time; an alarm and a derivation of the same moment are the device's one."""
    found: list[Event] = []
    silent = not track.fixes["alarms"].any()
    for kind in EventType:
        alarms = [] if silent else _alarms(track, kind)
        margin = _margin(track.parameters, kind)
        found += alarms
        found += [event for event in _derived(track, kind) if not _told(track, event, alarms, margin)]
    return sorted(found, key=lambda event: (event.first, event.event_type))


def _margin(parameters: Parameters, kind: EventType) -> float:
    return parameters.same_episode_s if kind in _LASTING else parameters.same_manoeuvre_s


def _told(track: Track, event: Event, alarms: list[Event], margin: float) -> bool:
    """Whether the device itself has said it."""
    at = track.seconds
    return any(at[a.first] - margin <= at[event.last] and at[event.first] <= at[a.last] + margin for a in alarms)


def _alarms(track: Track, kind: EventType) -> list[Event]:
    raised = (track.fixes["alarms"] & kind.bit) != 0
    if not raised.any():
        return []
    measure, confidence = _measure(track, kind), track.parameters.device_confidence
    return [
        Event(
            kind, EventSource.DEVICE, first, first, last, _severity_near(track, kind, measure, first, last), confidence
        )
        for first, last in _episodes(track, raised, _margin(track.parameters, kind))
    ]


def _derived(track: Track, kind: EventType) -> list[Event]:
    if kind in _HARSH and not track.dense_enough:
        return []
    parameters, measure = track.parameters, _measure(track, kind)
    if measure is None:
        return []
    threshold, confidence, at_least = _rule(parameters, kind)
    with np.errstate(invalid="ignore"):
        beyond = measure >= threshold
    if not beyond.any():
        return []
    if kind is EventType.HARSH_CORNERING:
        beyond &= track.speed_ms * KMH_PER_MS >= parameters.cornering_speed_at_least_kmh
    events = []
    for first, last in _episodes(track, beyond, _margin(parameters, kind)):
        if track.seconds[last] - track.seconds[first] >= at_least:
            worst = first + int(np.nanargmax(np.where(beyond[first : last + 1], measure[first : last + 1], -np.inf)))
            events.append(Event(kind, EventSource.GPS, first, worst, last, round(float(measure[worst]), 2), confidence))
    return events


def _rule(parameters: Parameters, kind: EventType) -> tuple[float, float, float]:
    """Threshold, confidence, and the least duration in seconds."""
    match kind:
        case EventType.HARSH_BRAKING:
            return parameters.gps_braking_ms2, parameters.gps_confidence, 0.0
        case EventType.RAPID_ACCELERATION:
            return parameters.gps_acceleration_ms2, parameters.gps_confidence, 0.0
        case EventType.HARSH_CORNERING:
            return parameters.gps_cornering_ms2, parameters.gps_confidence, 0.0
        case _:
            return parameters.speeding_tolerance_kmh, parameters.gps_speeding_confidence, parameters.speeding_at_least_s


def _measure(track: Track, kind: EventType) -> Floats | None:
    """How strongly each fix shows this type, in the unit of its severity; None where positions cannot show it."""
    match kind:
        case EventType.HARSH_BRAKING:
            return -track.acceleration
        case EventType.RAPID_ACCELERATION:
            return track.acceleration
        case EventType.HARSH_CORNERING:
            return np.abs(track.lateral)
        case EventType.SPEEDING:
            return track.over_limit_kmh
        case EventType.PHONE_USE:
            return None


def _severity_near(track: Track, kind: EventType, measure: Floats | None, first: int, last: int) -> float | None:
    """The strongest measure around an alarm, None where the fixes do not show it.

    A receiver at 1 Hz lags the accelerometer by about a second, so the manoeuvre's margin is searched on both sides.
    """
    if measure is None:
        return None
    margin = track.parameters.same_manoeuvre_s if kind in _HARSH else 0.0
    near = slice(
        int(np.searchsorted(track.seconds, track.seconds[first] - margin)),
        int(np.searchsorted(track.seconds, track.seconds[last] + margin, side="right")),
    )
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
