"""A trip and a safety event as rows, in the order of the columns: a cut and a query give the same tuple."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from roadlens.domain import EventState


class TripRow(NamedTuple):
    """One row of `trips`. Distances are whole metres, durations whole seconds, times UTC. What is above the limit is
    without what belongs to events that are dismissed.

    What it leaves out, and for how long it is above the limit, is None in trips of `relativity-1`.
    """

    trip_id: UUID
    device_id: int
    driver_id: str
    vehicle_id: str
    started_at: datetime
    ended_at: datetime
    day: date
    distance_m: int
    duration_s: int
    moving_s: int
    night_m: int
    rush_hour_m: int
    weekend_m: int
    speeding_m: int
    top_speed_kmh: float
    start_latitude: float
    start_longitude: float
    end_latitude: float
    end_longitude: float
    position_count: int
    harsh_braking: int
    rapid_acceleration: int
    harsh_cornering: int
    speeding: int
    phone_use: int
    trip_score: Decimal
    score_version: int
    speeding_s: int | None = None
    gap_s: int | None = None
    jump_s: int | None = None
    frozen_s: int | None = None
    sparse_s: int | None = None
    imprecise_s: int | None = None

    @property
    def events(self) -> int:
        """How many events the trip has, all types together."""
        return self.harsh_braking + self.rapid_acceleration + self.harsh_cornering + self.speeding + self.phone_use


class EventRow(NamedTuple):
    """One row of `safety_events`. Severity in m/s², or km/h over the limit for speeding.

    `state` is what its newest review says; an event that is dismissed counts in no sum. `speeding_m` and `speeding_s`
    are what was driven above the limit in it and for how long, which the trip's sums have while it counts; None for
    other types, and where nobody has looked.
    """

    event_id: UUID
    trip_id: UUID
    driver_id: str
    event_type: str
    source: str
    occurred_at: datetime
    ended_at: datetime
    severity: float | None
    confidence: float
    latitude: float
    longitude: float
    speed_kmh: float
    state: str = EventState.NEEDS_REVIEW.value
    speeding_m: int | None = None
    speeding_s: int | None = None

    @property
    def counts(self) -> bool:
        """Whether it is in the trip's counts, and in all that is summed up of them."""
        return self.state != EventState.DISMISSED
