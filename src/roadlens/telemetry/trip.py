"""Makes the rows of a trip and its events from what a leg shows: counts, score, ids. Pure: same leg, same rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import tzinfo
from decimal import Decimal
from typing import Any

import numpy as np

from roadlens.domain import EventType, from_unix_microseconds, time_ordered_id
from roadlens.scoring.parameters import Parameters
from roadlens.scoring.trip import trip_score
from roadlens.storage.binary import Positions
from roadlens.storage.reads.tracks import Assignment
from roadlens.storage.trip_rows import EventRow, TripRow
from roadlens.telemetry.derive import Event
from roadlens.telemetry.formulas import Found
from roadlens.telemetry.track import Track


def summarise(
    track: Track, found: Found, unique_id: str, assignment: Assignment, zone: tzinfo, version: int
) -> tuple[TripRow, list[EventRow]] | None:
    """The rows of a leg, or None when it is too short to be a trip.

    Args:
        track: the leg's fixes.
        found: its events and sums.
        unique_id: the device's own name, which ids are made of.
        assignment: who drove what.
        zone: the installation's time zone: decides the day.
        version: number of the score version that `track.parameters` is.
    """
    parameters, fixes, sums = track.parameters, track.fixes, found.sums
    if sums is None:
        return None
    started, ended = (from_unix_microseconds(int(fixes["fix_time"][index])) for index in (0, -1))
    trip_id = time_ordered_id(started, f"{unique_id}|{int(fixes['fix_time'][0])}".encode())
    trip = TripRow(
        trip_id=trip_id,
        device_id=assignment.device_id,
        driver_id=assignment.driver_id,
        vehicle_id=assignment.vehicle_id,
        started_at=started,
        ended_at=ended,
        day=started.astimezone(zone).date(),
        duration_s=round((ended - started).total_seconds()),
        top_speed_kmh=round(float(fixes["speed_kmh"].max()), 1),
        start_latitude=float(fixes["latitude"][0]),
        start_longitude=float(fixes["longitude"][0]),
        end_latitude=float(fixes["latitude"][-1]),
        end_longitude=float(fixes["longitude"][-1]),
        position_count=len(fixes),
        score_version=version,
        **sums._asdict(),
        **judged(parameters, sums.distance_m, sums.speeding_m, (event.event_type for event in found.events)),
    )
    return trip, [event_row(fixes, event, unique_id, trip) for event in found.events]


def judged(parameters: Parameters, distance_m: int, speeding_m: int, counting: Iterable[str]) -> dict[str, Any]:
    """The columns of a trip that follow from what counts: how many events of each type, and its score.

    Args:
        parameters: those of the vehicle's class.
        distance_m: what was driven, whole metres.
        speeding_m: of it above the limit.
        counting: the types of the events that count.
    """
    counts = Counter(EventType(kind) for kind in counting)
    score = trip_score(parameters, distance_m=distance_m, speeding_m=speeding_m, counts=counts)
    return {kind.value: counts[kind] for kind in EventType} | {"trip_score": Decimal(f"{score:.2f}")}


def event_row(fixes: Positions, event: Event, unique_id: str, trip: TripRow) -> EventRow:
    """The row of an event. An alarm happened when the device says, a derived event where it is worst.

    Args:
        fixes: of the trip, in the order of time; the one at which the event is worst must be there.
        event: the event.
        unique_id: the device's own name, which ids are made of.
        trip: whose event it is.
    """
    occurred = event.worst_us
    fix = fixes[np.searchsorted(fixes["fix_time"], occurred)]
    return EventRow(
        event_id=time_ordered_id(
            from_unix_microseconds(occurred), f"{unique_id}|{event.event_type}|{occurred}".encode()
        ),
        trip_id=trip.trip_id,
        driver_id=trip.driver_id,
        event_type=event.event_type.value,
        source=event.source.value,
        occurred_at=from_unix_microseconds(occurred),
        ended_at=from_unix_microseconds(event.last_us),
        severity=event.severity,
        confidence=event.confidence,
        latitude=float(fix["latitude"]),
        longitude=float(fix["longitude"]),
        speed_kmh=round(float(fix["speed_kmh"]), 1),
        speeding_m=event.speeding_m,
        speeding_s=event.speeding_s,
    )
