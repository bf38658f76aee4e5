"""Makes, changes and removes vehicles. One that has been driven stays, for its trips are somebody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from roadlens.errors import Conflict
from roadlens.storage.database import WriteSession
from roadlens.storage.writes import assignments, edits
from roadlens.storage.writes.audit import Who
from roadlens.storage.writes.edits import Expected, Kind, Row

_IN_USE = (
    "The vehicle {vehicle_id} has assignments, and the trips that were made under them. Delete those assignments, or "
    "give them to another vehicle; their trips follow. /api/v1/admin/assignments?vehicle_id={vehicle_id} lists them."
)

_USED = """
SELECT EXISTS (SELECT FROM device_assignments WHERE vehicle_id = :vehicle_id)
    OR EXISTS (SELECT FROM trips WHERE vehicle_id = :vehicle_id)
"""

KIND: Final = Kind(
    name="vehicle",
    table="vehicles",
    key="vehicle_id",
    columns=(
        *("vehicle_id", "name", "vin", "plate", "make", "model", "model_year", "category"),
        *("created_at", "updated_at"),
    ),
    listed_at="/api/v1/admin/vehicles",
    conflicts={
        "vehicles_pkey": (
            "vehicle_id",
            "There is already a vehicle {vehicle_id}. Choose another one, or leave `vehicle_id` out to be given one.",
        ),
        "vehicles_vin_key": ("vin", "Another vehicle has the VIN {vin}."),
    },
)


async def create(session: WriteSession, who: Who, values: Mapping[str, Any]) -> Row:
    """Make a vehicle; one without a `vehicle_id` gets the next free one.

    Raises:
        Conflict: the id or the VIN is taken; `field` says which.
    """
    if values.get("vehicle_id") is not None:
        return await edits.insert(session, who, KIND, values)
    given = {name: value for name, value in values.items() if name != "vehicle_id"}
    return await edits.insert(session, who, KIND, given, drawn="roadlens_new_vehicle_id()")


async def change(
    session: WriteSession, who: Who, vehicle_id: str, values: Mapping[str, Any], expected: Expected
) -> Row:
    """Change a vehicle's columns to `values`; those that are not named stay.

    Raises:
        NotFound: there is no such vehicle.
        PreconditionFailed: it has another version than those expected.
        Conflict: the VIN is taken.
    """
    before = await edits.hold(session, KIND, vehicle_id, expected)
    return await edits.update(session, who, KIND, before, values)


async def remove(session: WriteSession, who: Who, vehicle_id: str, expected: Expected) -> None:
    """Delete a vehicle that was never driven.

    Raises:
        NotFound: there is no such vehicle.
        PreconditionFailed: it has another version than those expected.
        Conflict: it has assignments or trips.
    """
    # Whoever assigns it waits, and an assignment that is there is found before the row is locked, which deliveries of
    # its devices would wait for.
    await assignments.serialise(session)
    if await session.value(_USED, {"vehicle_id": vehicle_id}):
        raise Conflict(_IN_USE.format(vehicle_id=vehicle_id), field="vehicle_id")
    before = await edits.hold(session, KIND, vehicle_id, expected, lock="UPDATE")
    await edits.delete(session, who, KIND, before)
