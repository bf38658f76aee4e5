"""Sums a leg up as a trip with its events: distances by kind of hour, counts, score, ids. Pure: same leg, same rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta, tzinfo
from decimal import Decimal

import numpy as np

from roadlens.domain import EventType, from_unix_microseconds, time_ordered_id
from roadlens.scoring.parameters import Parameters
from roadlens.scoring.trip import trip_score
from roadlens.storage.reads.tracks import Assignment
from roadlens.storage.trip_rows import EventRow, TripRow
from roadlens.telemetry.derive import Event
from roadlens.telemetry.track import Bools, Floats, Track

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
_UNIX_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0
_SATURDAY = 5


def summarise(
    track: Track, events: Sequence[Event], unique_id: str, assignment: Assignment, zone: tzinfo, version: int
) -> tuple[TripRow, list[EventRow]] | None:
    """The rows of a leg, or None when it is too short to be a trip.

    Args:
        track: the leg's fixes.
        events: its events.
        unique_id: the device's own name, which ids are made of.
        assignment: who drove what.
        zone: the installation's time zone: decides the day, and which hours are night or rush hour.
        version: number of the score version that `track.parameters` is.
    """
    parameters, fixes = track.parameters, track.fixes
    steps = track.steps_m
    driven = float(steps.sum()) + track.head_m
    if driven < parameters.trip_at_least_m:
        return None
    started, ended = (from_unix_microseconds(int(fixes["fix_time"][index])) for index in (0, -1))
    trip_id = time_ordered_id(started, f"{unique_id}|{int(fixes['fix_time'][0])}".encode())
    night, rush_hour, weekend = _hours(track, zone)
    moving = (fixes["speed_kmh"] >= parameters.standing_below_kmh)[1:] & ~track.holes
    speeding = track.over_limit_kmh[1:] > parameters.speeding_tolerance_kmh
    counts = Counter(event.event_type for event in events)
    distance_m, speeding_m = round(driven), round(float(steps[speeding].sum()))
    score = trip_score(parameters, distance_m=distance_m, speeding_m=speeding_m, counts=counts)
    trip = TripRow(
        trip_id=trip_id,
        device_id=assignment.device_id,
        driver_id=assignment.driver_id,
        vehicle_id=assignment.vehicle_id,
        started_at=started,
        ended_at=ended,
        day=started.astimezone(zone).date(),
        distance_m=distance_m,
        duration_s=round((ended - started).total_seconds()),
        moving_s=round(float(track.intervals[moving].sum())),
        night_m=round(float(steps[night].sum())),
        rush_hour_m=round(float(steps[rush_hour].sum())),
        weekend_m=round(float(steps[weekend].sum())),
        speeding_m=speeding_m,
        top_speed_kmh=round(float(fixes["speed_kmh"].max()), 1),
        start_latitude=float(fixes["latitude"][0]),
        start_longitude=float(fixes["longitude"][0]),
        end_latitude=float(fixes["latitude"][-1]),
        end_longitude=float(fixes["longitude"][-1]),
        position_count=len(fixes),
        harsh_braking=counts[EventType.HARSH_BRAKING],
        rapid_acceleration=counts[EventType.RAPID_ACCELERATION],
        harsh_cornering=counts[EventType.HARSH_CORNERING],
        speeding=counts[EventType.SPEEDING],
        phone_use=counts[EventType.PHONE_USE],
        trip_score=Decimal(f"{score:.2f}"),
        score_version=version,
    )
    return trip, [_event_row(track, event, unique_id, trip) for event in events]


def _event_row(track: Track, event: Event, unique_id: str, trip: TripRow) -> EventRow:
    """An alarm happened when the device says, a derived event where it is worst."""
    fix = track.fixes[event.worst]
    occurred = int(fix["fix_time"])
    return EventRow(
        event_id=time_ordered_id(
            from_unix_microseconds(occurred), f"{unique_id}|{event.event_type}|{occurred}".encode()
        ),
        trip_id=trip.trip_id,
        driver_id=trip.driver_id,
        event_type=event.event_type.value,
        source=event.source.value,
        occurred_at=from_unix_microseconds(occurred),
        ended_at=from_unix_microseconds(int(track.fixes["fix_time"][event.last])),
        severity=event.severity,
        confidence=event.confidence,
        latitude=float(fix["latitude"]),
        longitude=float(fix["longitude"]),
        speed_kmh=round(float(fix["speed_kmh"]), 1),
    )


def _hours(track: Track, zone: tzinfo) -> tuple[Bools, Bools, Bools]:
    """Which intervals begin at night, in a weekday's rush hour, on a weekend; each of shape (n - 1,).

    The zone's offset at the start holds for the whole leg: a clock that is put forward during it moves no hours.
    """
    parameters: Parameters = track.parameters
    start = from_unix_microseconds(int(track.fixes["fix_time"][0])).astimezone(zone)
    offset = (start.utcoffset() or timedelta()).total_seconds()
    local: Floats = np.asarray(track.fixes["fix_time"][:-1] / 1e6 + offset)
    hour = (local % _DAY_S) / _HOUR_S
    weekday = (local // _DAY_S + _UNIX_EPOCH_WEEKDAY) % 7
    weekend = weekday >= _SATURDAY
    night = (hour >= parameters.night_from_hour) | (hour < parameters.night_until_hour)
    rush = _between(hour, parameters.morning_rush_from_hour, parameters.morning_rush_until_hour)
    rush |= _between(hour, parameters.evening_rush_from_hour, parameters.evening_rush_until_hour)
    return night, rush & ~weekend, weekend


def _between(hour: Floats, start: float, end: float) -> Bools:
    return np.asarray((hour >= start) & (hour < end))
