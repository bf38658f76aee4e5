"""Trips: in a list with their counts, alone with track and events."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import asdict
from typing import Self
from uuid import UUID

from pydantic import Field

from roadlens.api.schemas.above_limit import AboveLimitKm, AboveLimitS, kilometres_if_known
from roadlens.api.schemas.answer import Answer, Next, Score, example, kilometres
from roadlens.api.schemas.deductions import Deduction, deducted
from roadlens.domain import EventSource, EventState, EventType
from roadlens.storage.reads.trips import TrackPoint as TrackRow
from roadlens.storage.reads.trips import TripDetailRow, TripListed
from roadlens.storage.reads.trips import TripEvent as TripEventRow

_COUNTS = {"harsh_braking": 1, "rapid_acceleration": 0, "harsh_cornering": 0, "speeding": 0, "phone_use": 0}
_TRIP = {
    "trip_id": "019c2a4b-7c00-8a11-9d3e-5f0a1b2c3d4e",
    "driver_id": "DRV-0001",
    "vehicle_id": "VEH-0001",
    "started_at": "2026-05-04T15:58:02Z",
    "ended_at": "2026-05-04T16:20:11Z",
    "distance_km": 14.212,
    "duration_s": 1329,
    "trip_score": 94.37,
    "event_counts": _COUNTS,
}


class EventCounts(Answer):
    harsh_braking: int
    rapid_acceleration: int
    harsh_cornering: int
    speeding: int
    phone_use: int


class Trip(Answer):
    trip_id: UUID
    driver_id: str
    vehicle_id: str
    started_at: datetime.datetime
    ended_at: datetime.datetime
    distance_km: float
    duration_s: int
    trip_score: Score = Field(description="0-100, higher is safer.")
    event_counts: EventCounts

    @classmethod
    def of(cls, row: TripListed) -> Self:
        return cls.model_validate(_trip_fields(row))


class TripPage(Answer):
    model_config = example({"items": [_TRIP], "next": None})

    items: list[Trip]
    next: Next


class TrackPoint(Answer):
    time: datetime.datetime
    latitude: float
    longitude: float
    speed_kmh: float | None
    course: float | None = Field(description="Degrees clockwise from north.")


class TripEvent(Answer):
    event_id: UUID
    event_type: EventType
    source: EventSource
    occurred_at: datetime.datetime
    ended_at: datetime.datetime
    severity: float | None = Field(description="m/s²; for speeding, km/h over the limit.")
    confidence: float
    latitude: float
    longitude: float
    speed_kmh: float | None
    state: EventState
    speeding_km: AboveLimitKm
    speeding_s: AboveLimitS

    @classmethod
    def of(cls, row: TripEventRow) -> Self:
        return cls.model_validate(asdict(row) | {"speeding_km": kilometres_if_known(row.speeding_m)})


class LeftOut(Answer):
    """Seconds of a trip in which forces, or the distance, could not be told, by reason; no second counts twice."""

    gap_s: int = Field(description="The device was silent: neither distance nor forces.")
    jump_s: int = Field(description="The place is not where the speed leads to: no forces.")
    frozen_s: int = Field(description="The place stood still while the speed went on: no forces, no speeding.")
    sparse_s: int = Field(description="Fixes too far apart in time, or too few in a row, for forces.")
    imprecise_s: int = Field(
        description="A dilution of precision too great, or a speed that was wrong once: no forces."
    )

    @classmethod
    def of(cls, row: TripDetailRow) -> Self | None:
        return None if row.gap_s is None else cls.model_validate(row)


class TripDetail(Trip):
    model_config = example(
        {
            **_TRIP,
            "driver_name": "Ada Okafor",
            "vehicle_name": "Van 1",
            "day": "2026-05-04",
            "moving_s": 1210,
            "top_speed_kmh": 71.4,
            "night_km": 0.0,
            "rush_hour_km": 14.212,
            "weekend_km": 0.0,
            "speeding_km": 0.0,
            "speeding_s": 0,
            "left_out": {"gap_s": 12, "jump_s": 0, "frozen_s": 0, "sparse_s": 40, "imprecise_s": 3},
            "position_count": 134,
            "score_version": 1,
            "deductions": [
                {
                    "factor": "harsh_braking",
                    "label": "Harsh braking",
                    "points": 5.63,
                    "amount": 1,
                    "amount_unit": "events",
                }
            ],
            "track": [
                {
                    "time": "2026-05-04T15:58:02Z",
                    "latitude": 37.79561,
                    "longitude": -122.27831,
                    "speed_kmh": 12.0,
                    "course": 83.0,
                }
            ],
            "track_kept": True,
            "events": [
                {
                    "event_id": "019c2a50-1e20-8c00-b1d2-3a4b5c6d7e8f",
                    "event_type": "harsh_braking",
                    "source": "device",
                    "occurred_at": "2026-05-04T16:03:05Z",
                    "ended_at": "2026-05-04T16:03:05Z",
                    "severity": 3.9,
                    "confidence": 0.95,
                    "latitude": 37.80102,
                    "longitude": -122.2698,
                    "speed_kmh": 42.0,
                    "state": "needs_review",
                    "speeding_km": None,
                    "speeding_s": None,
                }
            ],
        }
    )

    driver_name: str
    vehicle_name: str
    day: datetime.date = Field(description="The calendar day the trip counts for.")
    moving_s: int
    top_speed_kmh: float
    night_km: float
    rush_hour_km: float
    weekend_km: float
    speeding_km: float = Field(description="Above the limit and its tolerance; without what was dismissed.")
    speeding_s: int | None = Field(description="How long that was; null for older trips.")
    left_out: LeftOut | None = Field(
        description="Seconds in which forces, or the distance, could not be told; null for older trips."
    )
    position_count: int
    score_version: int
    deductions: list[Deduction] | None = Field(
        description="What was taken off, adding up to 100 less the score; null if the vehicle's class was another."
    )
    track: list[TrackPoint] = Field(description="Oldest first; thinned evenly to 10,000 points if there are more.")
    track_kept: bool = Field(
        description="Whether the track is there from the trip's beginning on. False: its positions are no longer kept, "
        "or only the later ones; all else about the trip stands."
    )
    events: list[TripEvent] = Field(description="Oldest first.")

    @classmethod
    def with_track(cls, row: TripDetailRow, track: Sequence[TrackRow]) -> Self:
        return cls.model_validate(
            {
                **_trip_fields(row),
                "driver_name": f"{row.first_name} {row.last_name}".strip(),
                "vehicle_name": row.vehicle_name,
                "day": row.day,
                "moving_s": row.moving_s,
                "top_speed_kmh": row.top_speed_kmh,
                "night_km": kilometres(row.night_m),
                "rush_hour_km": kilometres(row.rush_hour_m),
                "weekend_km": kilometres(row.weekend_m),
                "speeding_km": kilometres(row.speeding_m),
                "speeding_s": row.speeding_s,
                "left_out": LeftOut.of(row),
                "position_count": row.position_count,
                "score_version": row.score_version,
                "deductions": deducted(row),
                "track": track,
                "track_kept": bool(track) and track[0].time == row.started_at,
                "events": [TripEvent.of(event) for event in row.events],
            }
        )


def _trip_fields(row: TripListed) -> dict[str, object]:
    return {
        "trip_id": row.trip_id,
        "driver_id": row.driver_id,
        "vehicle_id": row.vehicle_id,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "distance_km": kilometres(row.distance_m),
        "duration_s": row.duration_s,
        "trip_score": row.trip_score,
        "event_counts": row,
    }
