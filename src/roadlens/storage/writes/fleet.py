"""Adds many drivers, vehicles and assignments at once: a statement for each kind, however many rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy.exc import IntegrityError

from roadlens.errors import Conflict
from roadlens.storage.database import WriteSession


class NewDriver(NamedTuple):
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


class NewVehicle(NamedTuple):
    name: str
    vin: str | None
    plate: str | None
    make: str | None
    model: str | None
    model_year: int | None
    category: str | None
    created_at: datetime


class NewAssignment(NamedTuple):
    """From `valid_from` (None: ever) until before `valid_to` (None: for ever)."""

    device_id: int
    vehicle_id: str
    driver_id: str
    valid_from: datetime | None
    valid_to: datetime | None


_TYPES = {
    "date_of_birth": "date",
    "years_licensed": "smallint",
    "model_year": "smallint",
    "created_at": "timestamptz",
    "valid_from": "timestamptz",
    "valid_to": "timestamptz",
    "device_id": "int",
}


def _rows(columns: Sequence[str]) -> str:
    """The rows as a table named `said`, in their order in column `place`."""
    arrays = ", ".join(f"cast(:{name} AS {_TYPES.get(name, 'text')}[])" for name in columns)
    return f"unnest({arrays}) WITH ORDINALITY AS said({', '.join(columns)}, place)"


def _numbered(table: str, key: str, columns: Sequence[str]) -> str:
    """Insert rows under ids such as DRV-0001, drawn in the order of the rows, and return the ids in that order."""
    names = ", ".join(columns)
    return f"""
WITH numbered AS MATERIALIZED (
    SELECT place, {names}, roadlens_new_{key}() AS {key} FROM (SELECT * FROM {_rows(columns)} ORDER BY place) AS ordered
), made AS (
    INSERT INTO {table} ({key}, {names}, updated_at) SELECT {key}, {names}, created_at FROM numbered
)
SELECT {key} FROM numbered ORDER BY place
"""


_ADD_DRIVERS = _numbered("drivers", "driver_id", NewDriver._fields)
_ADD_VEHICLES = _numbered("vehicles", "vehicle_id", NewVehicle._fields)
_ASSIGN = f"""
INSERT INTO device_assignments ({", ".join(NewAssignment._fields)})
SELECT {", ".join(NewAssignment._fields)} FROM {_rows(NewAssignment._fields)} ORDER BY place
"""


async def add_drivers(session: WriteSession, drivers: Sequence[NewDriver]) -> list[str]:
    """Add drivers and return their ids, in order.

    Raises:
        Conflict: somebody has one of the e-mail addresses, licences or ids.
    """
    return await _add(session, _ADD_DRIVERS, drivers, "A driver has the same e-mail address, licence or id")


async def add_vehicles(session: WriteSession, vehicles: Sequence[NewVehicle]) -> list[str]:
    """Add vehicles and return their ids, in order.

    Raises:
        Conflict: a vehicle has one of the VINs or ids.
    """
    return await _add(session, _ADD_VEHICLES, vehicles, "A vehicle has the same VIN or id")


async def assign(session: WriteSession, assignments: Sequence[NewAssignment]) -> None:
    """Assign devices that have sent nothing yet: no trip is made here.

    Raises:
        Conflict: a device is assigned to somebody during one of these times.
    """
    try:
        await session.execute(_ASSIGN, _columns(assignments))
    except IntegrityError as error:
        raise Conflict("A device is already assigned during that time; nothing was added.") from error


async def _add(session: WriteSession, statement: str, rows: Sequence[tuple[Any, ...]], taken: str) -> list[str]:
    try:
        return [key for (key,) in await session.tuples(statement, _columns(rows))]
    except IntegrityError as error:
        raise Conflict(f"{taken} as one that is to be added; nothing was added.") from error


def _columns(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """At least one row."""
    return dict(zip(rows[0]._fields, map(list, zip(*rows, strict=True)), strict=True))
