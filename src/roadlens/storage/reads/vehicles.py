"""Vehicles: the keyset list and one alone, each with who drives it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from roadlens.storage.cursor import Batches, batches
from roadlens.storage.database import ReadSession

_FOUND = """
SELECT vehicle_id, name, vin, plate, make, model, model_year, category, created_at, updated_at, version, driver
FROM (SELECT * FROM vehicles WHERE {}) AS vehicle
LEFT JOIN LATERAL (
    SELECT json_build_object('driver_id', driver_id, 'first_name', first_name, 'last_name', last_name) AS driver
    FROM device_assignments AS assignment JOIN drivers USING (driver_id)
    WHERE assignment.vehicle_id = vehicle.vehicle_id
        AND (valid_from IS NULL OR valid_from <= now()) AND (valid_to IS NULL OR valid_to > now())
    ORDER BY valid_from DESC NULLS LAST, assignment_id DESC LIMIT 1
) AS assigned ON true
ORDER BY vehicle_id
"""
_PAGE = _FOUND.format("vehicle_id > :after ORDER BY vehicle_id LIMIT :limit")
_ONE = _FOUND.format("vehicle_id = :vehicle_id")


@dataclass(frozen=True, slots=True)
class CurrentDriver:
    driver_id: str
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleRow:
    vehicle_id: str
    name: str
    vin: str | None
    plate: str | None
    make: str | None
    model: str | None
    model_year: int | None
    category: str | None
    created_at: datetime
    updated_at: datetime
    version: int
    driver: CurrentDriver | None


async def page(session: ReadSession, *, after: str, limit: int) -> list[VehicleRow]:
    """Vehicles by id, from the one after `after`."""
    return await session.rows(_PAGE, _row, {"after": after, "limit": limit})


def every(session: ReadSession) -> Batches[VehicleRow]:
    """All vehicles by id."""
    return batches(session, _PAGE, _row, {"after": "", "limit": None})


async def one(session: ReadSession, vehicle_id: str) -> VehicleRow | None:
    """The vehicle; None if there is none."""
    return await session.row(_ONE, _row, {"vehicle_id": vehicle_id})


def _row(driver: Any, **columns: Any) -> VehicleRow:
    return VehicleRow(driver=msgspec.convert(driver, CurrentDriver | None), **columns)
