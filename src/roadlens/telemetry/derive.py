"""Derives a leg's safety events: the device's own alarms, and what its positions show. One manoeuvre is one event.

Knows thresholds only by the parameters that it is given. docs/events.md has the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import NamedTuple

import numpy as np

from roadlens.domain import EventSource, EventType
from roadlens.scoring.parameters import Parameters
from roadlens.telemetry.excess import Excess, Span, excess_of, shares
from roadlens.telemetry.forces import Forces
from roadlens.telemetry.manoeuvres import HARSH, Stretch, shown, stretches, worst_within
from roadlens.telemetry.seconds import SECOND_US, Seconds
from roadlens.telemetry.track import Track


class Event(NamedTuple):
    """An event of a leg: its first moment, the one where it is worst, its last; Unix time, microseconds.

    An alarm is worst when it is raised. Severity, and what is driven above the limit in it: see `EventRow`.
    """

    event_type: EventType
    source: EventSource
    first_us: int
    worst_us: int
    last_us: int
    severity: float | None
    confidence: float
    speeding_m: int | None = None
    speeding_s: int | None = None


def derive(track: Track, rows: Seconds) -> list[Event]:
    """All events of a leg in the order of time.

    Args:
        track: the leg.
        rows: its rows, `seconds(track)`.
    """
    parameters = track.parameters
    forces = Forces(parameters, rows)
    silent = not track.fixes["alarms"].any()
    found: list[Event] = []
    for kind in EventType:
        spans = [] if silent else alarms(track, kind)
        showing = shown(parameters, rows, forces, kind)
        if showing is None:
            found += together(parameters, kind, [(*span, None) for span in spans], [])
            continue
        around = SECOND_US * round(parameters.same_manoeuvre_s) if kind in HARSH else 0
        seen = stretches(rows, showing)
        if not spans and not seen:
            continue
        told = [(*span, worst_within(rows, showing, span[0] - around, span[1] + around)) for span in spans]
        found += together(parameters, kind, told, seen)
        if kind is EventType.SPEEDING:
            found = with_shares(parameters, found, groups(parameters, seen), excess_of(parameters, rows))
    return in_order(found)


def alarms(track: Track, kind: EventType) -> list[Span]:
    """When the device itself says so. What it repeats within the margin is one alarm."""
    raised = track.fixes["fix_time"][(track.fixes["alarms"] & kind.bit) != 0]
    if not len(raised):
        return []
    parted = np.flatnonzero(raised[1:] - raised[:-1] > margin_us(track.parameters, kind)) + 1
    starts, ends = np.concatenate(([0], parted)), np.append(parted, len(raised)) - 1
    return list(zip(raised[starts].tolist(), raised[ends].tolist(), strict=True))


def together(
    parameters: Parameters,
    kind: EventType,
    told: Sequence[tuple[int, int, float | None]],
    stretches: Sequence[Stretch],
) -> list[Event]:
    """The events of one type from alarms and stretches, each in the order of time.

    Stretches that are close are one event. Where an alarm is as close, the device's event stands alone.

    Args:
        parameters: those of the vehicle's class.
        kind: the type.
        told: alarms: first and last moment, and the severity that positions show around them.
        stretches: where the positions show it.
    """
    margin = margin_us(parameters, kind)
    sure = parameters.device_confidence
    found = [Event(kind, EventSource.DEVICE, first, first, last, _rounded(worst), sure) for first, last, worst in told]
    for near in _groups(stretches, margin):
        first, last = near[0].first_us, near[-1].last_us
        if any(alarm_first - margin <= last and first <= alarm_last + margin for alarm_first, alarm_last, _ in told):
            continue
        worst = max(near, key=lambda stretch: stretch.strength)  # the first of equals
        severity, confidence = _rounded(worst.severity), derived_confidence(parameters, kind)
        found.append(Event(kind, EventSource.GPS, first, worst.worst_us, last, severity, confidence))
    return found


def with_shares(parameters: Parameters, events: Sequence[Event], shown: Sequence[Span], over: Excess) -> list[Event]:
    """The events of a leg in the order of time, those of speeding with what is driven above the limit in them.

    Args:
        parameters: those of the vehicle's class.
        events: of any type.
        shown: where the positions show speeding for long enough, whoever says so besides.
        over: what the leg drives above the limit.
    """
    told = in_order(events)
    places = [place for place, event in enumerate(told) if event.event_type is EventType.SPEEDING]
    spans = [(told[place].first_us, told[place].last_us) for place in places]
    found = shares(over, spans, shown, margin_us(parameters, EventType.SPEEDING))
    for place, share in zip(places, found, strict=True):
        told[place] = told[place]._replace(speeding_m=share.metres, speeding_s=share.seconds)
    return told


def groups(parameters: Parameters, stretches: Sequence[Stretch]) -> list[Span]:
    """Stretches of speeding that are one event, in the order of time: first and last moment of each group."""
    near = _groups(stretches, margin_us(parameters, EventType.SPEEDING))
    return [(group[0].first_us, group[-1].last_us) for group in near]


def in_order(events: Sequence[Event]) -> list[Event]:
    """Events as they are listed everywhere: by time, and by type where they begin together."""
    return sorted(events, key=lambda event: (event.first_us, event.event_type))


def margin_us(parameters: Parameters, kind: EventType) -> int:
    """How far apart two signs of a type may be and still be one event. What lasts is repeated by devices."""
    return round((parameters.same_manoeuvre_s if kind in HARSH else parameters.same_episode_s) * SECOND_US)


def derived_confidence(parameters: Parameters, kind: EventType) -> float:
    """How far an event of this type can be trusted that positions alone show."""
    match kind:
        case EventType.HARSH_BRAKING:
            return parameters.gps_braking_confidence
        case EventType.RAPID_ACCELERATION:
            return parameters.gps_acceleration_confidence
        case EventType.HARSH_CORNERING:
            return parameters.gps_cornering_confidence
        case _:
            return parameters.gps_speeding_confidence


def _groups(stretches: Sequence[Stretch], margin: int) -> list[list[Stretch]]:
    groups: list[list[Stretch]] = []
    for stretch in stretches:
        if groups and stretch.first_us - groups[-1][-1].last_us <= margin:
            groups[-1].append(stretch)
        else:
            groups.append([stretch])
    return groups


def _rounded(severity: float | None) -> float | None:
    return None if severity is None or isnan(severity) else round(severity, 2)
