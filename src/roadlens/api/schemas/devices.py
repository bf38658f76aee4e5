"""Devices: what reports positions, whose it is now, and announcing one."""

from __future__ import annotations

import datetime

from pydantic import Field

from roadlens.api import fields
from roadlens.api.schemas.answer import Answer, Next, Version, example
from roadlens.api.schemas.edits import Body
from roadlens.api.schemas.vehicles import CurrentDriver

_DEVICE = {
    "unique_id": "tracker-1",
    "name": "Tracker in van 1",
    "model": "FMC130",
    "category": "van",
    "phone": None,
    "contact": None,
    "created_at": "2026-03-01T08:00:00Z",
    "version": 1,
}
_REPORTS = {
    "positions": 182044,
    "last_fix_at": "2026-05-04T16:20:11Z",
    "driver": {"driver_id": "DRV-0001", "first_name": "Ada", "last_name": "Okafor"},
    "vehicle": {"vehicle_id": "VEH-0001", "name": "Van 1"},
}


class DeviceVehicle(Answer):
    vehicle_id: str
    name: str


class DeviceRecord(Answer):
    """The device itself, without what it has reported."""

    model_config = example(_DEVICE)

    unique_id: str = Field(description="What the device calls itself.")
    name: str | None
    model: str | None
    category: str | None
    phone: str | None
    contact: str | None
    created_at: datetime.datetime
    version: Version


class Device(DeviceRecord):
    model_config = example(_DEVICE | _REPORTS)

    positions: int = Field(description="How many it has sent, those included that are no longer kept.")
    last_fix_at: datetime.datetime | None = Field(description="null before the first position.")
    driver: CurrentDriver | None = Field(description="Who has it now; null: nobody.")
    vehicle: DeviceVehicle | None


class DevicePage(Answer):
    model_config = example({"items": [_DEVICE | _REPORTS], "next": None})

    items: list[Device]
    next: Next


class DevicePatch(Body):
    """JSON merge patch (RFC 7396): what is left out stays, null clears."""

    model_config = example({"name": "Tracker in van 2"})

    name: fields.Line | None = None
    model: fields.Name | None = None
    category: fields.Name | None = None
    phone: fields.Phone | None = None
    contact: fields.Line | None = None


class NewDevice(DevicePatch):
    """A device that has not reported yet."""

    model_config = example({name: value for name, value in _DEVICE.items() if name not in ("created_at", "version")})

    unique_id: fields.Line = Field(description="What the device will call itself, such as its IMEI.")
