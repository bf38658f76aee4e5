"""The dashboard's answers."""

from __future__ import annotations

import datetime
from typing import Self

from pydantic import Field

from roadlens.api.schemas.answer import Answer, Score, example, kilometres
from roadlens.api.schemas.explained import RiskFactor
from roadlens.domain import EventType, RiskLevel, Role
from roadlens.storage.reads.riskiest import Riskiest


class Totals(Answer):
    drivers: int
    users: int
    vehicles: int
    devices: int
    trips: int
    events: int


class RecentDriver(Answer):
    driver_id: str
    first_name: str
    last_name: str
    email: str | None
    created_at: datetime.datetime


class RecentUser(Answer):
    user_id: int
    username: str
    role: Role
    created_at: datetime.datetime


class Stats(Answer):
    model_config = example(
        {
            "totals": {"drivers": 300, "users": 2, "vehicles": 300, "devices": 300, "trips": 51240, "events": 38211},
            "recent_drivers": [
                {
                    "driver_id": "DRV-0300",
                    "first_name": "Maya",
                    "last_name": "Lindqvist",
                    "email": "maya.lindqvist@example.com",
                    "created_at": "2026-05-04T09:12:00Z",
                }
            ],
            "recent_users": [
                {"user_id": 1, "username": "admin", "role": "admin", "created_at": "2026-05-04T09:10:00Z"}
            ],
        }
    )

    totals: Totals
    recent_drivers: list[RecentDriver] = Field(description="The five newest, newest first.")
    recent_users: list[RecentUser] = Field(description="The five newest, newest first.")


class Summary(Answer):
    model_config = example({"total_drivers": 300, "total_vehicles": 300, "total_trips": 51240, "avg_risk_score": 36.42})

    total_drivers: int
    total_vehicles: int
    total_trips: int
    avg_risk_score: Score | None = Field(
        description="Mean of the drivers' latest risk scores, one a driver; null while nobody has one."
    )


class TripDay(Answer):
    model_config = example({"date": "2026-05-04", "trip_count": 871, "avg_score": 84.15})

    date: datetime.date
    trip_count: int
    avg_score: Score | None = Field(description="Mean trip score; null on a day without trips.")


class RiskShare(Answer):
    model_config = example({"risk_level": "low", "driver_count": 201, "percentage": 67.2})

    risk_level: RiskLevel
    driver_count: int
    percentage: float = Field(description="Of the drivers who have a score. The three add up to 100, or are all 0.")


class EventCount(Answer):
    model_config = example({"event_type": "harsh_braking", "count": 412})

    event_type: EventType
    count: int


class Attention(Answer):
    model_config = example(
        {
            "driver_id": "DRV-0001",
            "first_name": "Ada",
            "last_name": "Okafor",
            "risk_score": 91.2,
            "risk_level": "high",
            "day": "2026-05-04",
            "trips": 182,
            "distance_km": 2204.317,
            "last_trip_at": "2026-05-04T16:20:11Z",
            "main_factor": {
                "factor": "harsh_braking",
                "label": "Harsh braking",
                "points": 21.3,
                "weight": 22,
                "observed": 9.1,
                "credible": 8.7,
                "expected": 2.5,
                "unit": "per 100 km",
            },
        }
    )

    driver_id: str
    first_name: str
    last_name: str
    risk_score: Score
    risk_level: RiskLevel
    day: datetime.date = Field(description="The last day the score takes into account.")
    trips: int
    distance_km: float
    last_trip_at: datetime.datetime | None
    main_factor: RiskFactor | None = Field(description="What adds most points to the score.")

    @classmethod
    def of(cls, row: Riskiest) -> Self:
        fields = {name: getattr(row, name) for name in cls.model_fields if name != "distance_km"}
        return cls.model_validate({**fields, "distance_km": kilometres(row.distance_m)})
