"""Vehicles, each with who drives it now."""

from __future__ import annotations

import datetime

from roadlens.api.schemas.answer import Answer, Next, Version, example

_VEHICLE = {
    "vehicle_id": "VEH-0001",
    "name": "Van 1",
    "vin": None,
    "plate": "8ABC123",
    "make": "Ford",
    "model": "Transit",
    "model_year": 2023,
    "category": "van",
    "created_at": "2026-03-01T08:00:00Z",
    "updated_at": "2026-03-01T08:00:00Z",
    "version": 1,
}


_DRIVER = {"driver_id": "DRV-0001", "first_name": "Ada", "last_name": "Okafor"}


class CurrentDriver(Answer):
    driver_id: str
    first_name: str
    last_name: str


class VehicleRecord(Answer):
    """The vehicle itself, without who drives it."""

    model_config = example(_VEHICLE)

    vehicle_id: str
    name: str
    vin: str | None
    plate: str | None
    make: str | None
    model: str | None
    model_year: int | None
    category: str | None
    created_at: datetime.datetime
    updated_at: datetime.datetime
    version: Version


class Vehicle(VehicleRecord):
    model_config = example(_VEHICLE | {"driver": _DRIVER})

    driver: CurrentDriver | None


class VehiclePage(Answer):
    model_config = example(
        {
            "items": [{**_VEHICLE, "driver": _DRIVER}],
            "next": None,
        }
    )

    items: list[Vehicle]
    next: Next
