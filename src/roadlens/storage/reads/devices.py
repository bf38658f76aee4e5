"""Devices with whom they belong to now and how much they have reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from roadlens.storage.cursor import Batches, batches
from roadlens.storage.database import ReadSession

_HELD_NOW = "held.device_id = devices.device_id AND tstzrange(held.valid_from, held.valid_to) @> now()"

_FOUND = f"""
SELECT unique_id, name, model, category, phone, contact, created_at, version,
    coalesce(positions, 0) AS positions, last_fix_at, driver, vehicle
FROM (
    SELECT * FROM devices WHERE {{wanted}} ORDER BY unique_id LIMIT :limit
) AS devices
LEFT JOIN device_progress USING (device_id)
LEFT JOIN LATERAL (
    SELECT json_build_object('driver_id', driver_id, 'first_name', first_name, 'last_name', last_name) AS driver,
        json_build_object('vehicle_id', vehicle_id, 'name', vehicles.name) AS vehicle
    FROM device_assignments AS held JOIN drivers USING (driver_id) JOIN vehicles USING (vehicle_id) WHERE {_HELD_NOW}
) AS assigned ON true
ORDER BY unique_id
"""
_IS_HELD = f"EXISTS (SELECT FROM device_assignments AS held WHERE {_HELD_NOW})"


@dataclass(frozen=True, slots=True)
class DeviceDriver:
    driver_id: str
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class DeviceVehicle:
    vehicle_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A device; `driver` and `vehicle` are those of the present moment, `positions` how many it has sent."""

    unique_id: str
    name: str | None
    model: str | None
    category: str | None
    phone: str | None
    contact: str | None
    created_at: datetime
    version: int
    positions: int
    last_fix_at: datetime | None
    driver: DeviceDriver | None
    vehicle: DeviceVehicle | None


async def page(session: ReadSession, *, unassigned: bool | None, after: str, limit: int) -> list[DeviceRow]:
    """Devices by their unique id, from the one after `after`; `unassigned` wants those that nobody has now, or has."""
    return await session.rows(_page(unassigned), _row, {"after": after, "limit": limit})


def every(session: ReadSession, *, unassigned: bool | None) -> Batches[DeviceRow]:
    """As `page`, all of them."""
    return batches(session, _page(unassigned), _row, {"after": "", "limit": None})


async def one(session: ReadSession, unique_id: str) -> DeviceRow | None:
    """The device; None if there is none."""
    return await session.row(_FOUND.format(wanted="unique_id = :unique_id"), _row, {"unique_id": unique_id, "limit": 1})


def _page(unassigned: bool | None) -> str:
    wanted = ["unique_id > :after"]
    if unassigned is not None:
        wanted.append(f"{'NOT ' if unassigned else ''}{_IS_HELD}")
    return _FOUND.format(wanted=" AND ".join(wanted))


def _row(driver: Any, vehicle: Any, **columns: Any) -> DeviceRow:
    return DeviceRow(
        driver=msgspec.convert(driver, DeviceDriver | None),
        vehicle=msgspec.convert(vehicle, DeviceVehicle | None),
        **columns,
    )
