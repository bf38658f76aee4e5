"""Vehicles: the keyset list with who drives each now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from roadlens.storage.database import ReadSession

_PAGE = """
SELECT vehicle_id, name, vin, plate, make, model, model_year, category, created_at, updated_at, driver
FROM (SELECT * FROM vehicles WHERE vehicle_id > :after ORDER BY vehicle_id LIMIT :limit) AS vehicle
LEFT JOIN LATERAL (
    SELECT json_build_object('driver_id', driver_id, 'first_name', first_name, 'last_name', last_name) AS driver
    FROM device_assignments AS assignment JOIN drivers USING (driver_id)
    WHERE assignment.vehicle_id = vehicle.vehicle_id AND tstzrange(valid_from, valid_to) @> now()
    ORDER BY valid_from DESC NULLS LAST, assignment_id DESC LIMIT 1
) AS assigned ON true
ORDER BY vehicle_id
"""


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
    driver: CurrentDriver | None


async def page(session: ReadSession, *, after: str, limit: int) -> list[VehicleRow]:
    """Vehicles by id, from the one after `after`."""

    def row(driver: Any, **columns: Any) -> VehicleRow:
        return VehicleRow(driver=msgspec.convert(driver, CurrentDriver | None), **columns)

    return await session.rows(_PAGE, row, {"after": after, "limit": limit})
