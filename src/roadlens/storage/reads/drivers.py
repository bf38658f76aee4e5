"""One driver with all there is to know; the list is next door in `driver_pages`."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from roadlens.storage.database import ReadSession

COLUMNS = (
    "driver_id, first_name, last_name, email, phone, date_of_birth, licence_number, licence_state, years_licensed, "
    "address, city, state, zip_code, created_at, updated_at, version"
)
SUMMARY_COLUMNS = "risk_score, risk_level, scored_day, trips, distance_m, events, last_trip_at"

_ONE = f"""
SELECT {COLUMNS}, {SUMMARY_COLUMNS},
    (SELECT json_agg(used ORDER BY current DESC, vehicle_id) FROM (
        SELECT vehicle.vehicle_id, vehicle.name, make, model, model_year, plate,
            CASE WHEN count(valid_from) = count(*) THEN min(valid_from) END AS assigned_from,
            CASE WHEN count(valid_to) = count(*) THEN max(valid_to) END AS assigned_until,
            bool_or(tstzrange(valid_from, valid_to) @> now()) AS current
        FROM device_assignments AS assignment JOIN vehicles AS vehicle USING (vehicle_id)
        WHERE assignment.driver_id = :driver_id GROUP BY vehicle.vehicle_id
    ) AS used) AS vehicles,
    (SELECT factors FROM risk_scores WHERE driver_id = :driver_id ORDER BY day DESC LIMIT 1) AS factors
FROM drivers JOIN driver_summary USING (driver_id)
WHERE driver_id = :driver_id
"""


# Structs, for a page makes hundreds of them: a frozen dataclass takes some ten times as long to fill.
class VehicleInUse(msgspec.Struct, frozen=True):
    vehicle_id: str
    name: str
    make: str | None
    model: str | None
    model_year: int | None
    plate: str | None


class VehicleAssigned(VehicleInUse, frozen=True):
    """`assigned_from` None: ever; `assigned_until` None: for ever."""

    assigned_from: datetime | None
    assigned_until: datetime | None
    current: bool


class DriverRow(msgspec.Struct, frozen=True, kw_only=True):
    """A driver with the row of `driver_summary`: distances in metres, `scored_day` the day of the latest score."""

    driver_id: str
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    date_of_birth: date | None
    licence_number: str | None
    licence_state: str | None
    years_licensed: int | None
    address: str | None
    city: str | None
    state: str | None
    zip_code: str | None
    created_at: datetime
    updated_at: datetime
    version: int
    risk_score: Decimal | None
    risk_level: str | None
    scored_day: date | None
    trips: int
    distance_m: int
    events: int
    last_trip_at: datetime | None


class DriverDetailRow(DriverRow, frozen=True, kw_only=True):
    vehicles: list[VehicleAssigned]
    factors: list[dict[str, Any]]


async def detail(session: ReadSession, driver_id: str) -> DriverDetailRow | None:
    """One driver with vehicles and the factors of the latest score, in one statement; None if there is none."""

    def row(vehicles: Any, factors: Any, **columns: Any) -> DriverDetailRow:
        return DriverDetailRow(
            vehicles=msgspec.convert(vehicles or [], list[VehicleAssigned]), factors=factors or [], **columns
        )

    return await session.row(_ONE, row, {"driver_id": driver_id})
