"""Drivers: in the list with vehicle and latest score, alone with everything."""

from __future__ import annotations

import datetime
from operator import attrgetter
from typing import Self

from pydantic import Field

from roadlens.api.schemas.answer import Answer, Next, Score, Version, example, kilometres
from roadlens.api.schemas.explained import RiskFactor
from roadlens.domain import RiskLevel
from roadlens.storage.reads.driver_pages import ListedDriver as ListedRow
from roadlens.storage.reads.drivers import DriverDetailRow, DriverRow

_DRIVER = {
    "driver_id": "DRV-0001",
    "first_name": "Ada",
    "last_name": "Okafor",
    "email": "ada.okafor@example.com",
    "phone": "+1 555 0100",
    "date_of_birth": "1988-02-29",
    "licence_number": "S5301234",
    "licence_state": "CA",
    "years_licensed": 17,
    "address": "12 Quay Street",
    "city": "Oakland",
    "state": "CA",
    "zip_code": "94607",
    "created_at": "2026-03-01T08:00:00Z",
    "updated_at": "2026-03-01T08:00:00Z",
    "version": 1,
}
_VEHICLE = {
    "vehicle_id": "VEH-0001",
    "name": "Van 1",
    "make": "Ford",
    "model": "Transit",
    "model_year": 2023,
    "plate": "8ABC123",
}


class Driver(Answer):
    driver_id: str
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    date_of_birth: datetime.date | None
    licence_number: str | None
    licence_state: str | None
    years_licensed: int | None
    address: str | None
    city: str | None
    state: str | None
    zip_code: str | None
    created_at: datetime.datetime
    updated_at: datetime.datetime
    version: Version


_person = attrgetter(*Driver.model_fields)


class DriverRecord(Driver):
    """The person alone: what an edit answers."""

    model_config = example(_DRIVER)


class VehicleInUse(Answer):
    vehicle_id: str
    name: str
    make: str | None
    model: str | None
    model_year: int | None
    plate: str | None


class VehicleAssigned(VehicleInUse):
    assigned_from: datetime.datetime | None = Field(description="null: ever.")
    assigned_until: datetime.datetime | None = Field(description="null: until further notice.")
    current: bool


class LatestScore(Answer):
    risk_score: Score | None = Field(description="0-100, higher is riskier; null while there is too little driving.")
    risk_level: RiskLevel | None
    day: datetime.date = Field(description="The last day the score takes into account: that of the latest trip.")


class ScoreWithFactors(LatestScore):
    factors: list[RiskFactor] = Field(description="Their points add up to the score.")


class DriverTotals(Answer):
    trips: int
    distance_km: float
    events: int
    last_trip_at: datetime.datetime | None


class DriverListed(Driver):
    vehicle: VehicleInUse | None = Field(description="What the driver drives now.")
    latest_score: LatestScore | None = Field(description="null before the first trip.")
    risk_score: Score | None
    risk_level: RiskLevel | None
    trips: int
    distance_km: float
    last_trip_at: datetime.datetime | None

    @classmethod
    def of(cls, row: ListedRow) -> Self:
        return cls.model_validate(
            {
                **_driver_fields(row),
                "vehicle": row.vehicle,
                "latest_score": _latest_score(row),
                "risk_score": row.risk_score,
                "risk_level": row.risk_level,
                **_totals(row),
            }
        )


class DriverPage(Answer):
    model_config = example(
        {
            "total": 1,
            "total_capped": False,
            "skip": 0,
            "limit": 100,
            "drivers": [
                {
                    **_DRIVER,
                    "vehicle": _VEHICLE,
                    "latest_score": {"risk_score": 31.4, "risk_level": "low", "day": "2026-05-04"},
                    "risk_score": 31.4,
                    "risk_level": "low",
                    "trips": 182,
                    "distance_km": 2204.317,
                    "last_trip_at": "2026-05-04T16:20:11Z",
                }
            ],
            "next": None,
        }
    )

    total: int = Field(description="How many match in all.")
    total_capped: bool = Field(description="Whether counting stopped at `total`, and there are more.")
    skip: int
    limit: int
    drivers: list[DriverListed]
    next: Next


class DriverDetail(Driver):
    model_config = example(
        {
            **_DRIVER,
            "vehicles": [
                {**_VEHICLE, "assigned_from": "2026-03-01T08:00:00Z", "assigned_until": None, "current": True}
            ],
            "latest_score": {"risk_score": 31.4, "risk_level": "low", "day": "2026-05-04", "factors": []},
            "totals": {"trips": 182, "distance_km": 2204.317, "events": 61, "last_trip_at": "2026-05-04T16:20:11Z"},
        }
    )

    vehicles: list[VehicleAssigned] = Field(description="All the driver was ever assigned to, the current ones first.")
    latest_score: ScoreWithFactors | None = Field(description="null before the first trip.")
    totals: DriverTotals

    @classmethod
    def of(cls, row: DriverDetailRow) -> Self:
        return cls.model_validate(
            {
                **_driver_fields(row),
                "vehicles": row.vehicles,
                "latest_score": (latest := _latest_score(row)) and {**latest, "factors": row.factors},
                "totals": {**_totals(row), "events": row.events},
            }
        )


def _driver_fields(row: DriverRow) -> dict[str, object]:
    return dict(zip(Driver.model_fields, _person(row), strict=True))


def _latest_score(row: DriverRow) -> dict[str, object] | None:
    if row.scored_day is None:
        return None
    return {"risk_score": row.risk_score, "risk_level": row.risk_level, "day": row.scored_day}


def _totals(row: DriverRow) -> dict[str, object]:
    return {"trips": row.trips, "distance_km": kilometres(row.distance_m), "last_trip_at": row.last_trip_at}
