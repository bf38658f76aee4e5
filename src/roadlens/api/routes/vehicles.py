"""Vehicles: the list, one alone, and edits."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response

from roadlens import freshness
from roadlens.api.dependencies import Reading, State
from roadlens.api.editing import EDITED, MADE, REMOVED, Edit, Editing, Matching, tag
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.parameters import After, Limit, VehicleId
from roadlens.api.schemas.vehicle_edits import NewVehicle, VehiclePatch, VehicleReplacement
from roadlens.api.schemas.vehicles import Vehicle, VehiclePage, VehicleRecord
from roadlens.api.security import may_view
from roadlens.errors import NotFound
from roadlens.storage.reads import vehicles
from roadlens.storage.writes import vehicles as edit_vehicles
from roadlens.storage.writes.edits import Expected

router = APIRouter(prefix="/admin/vehicles", tags=["vehicles"], dependencies=[may_view], responses=problems(*GUARDED))
edits = APIRouter(prefix="/admin/vehicles", tags=["vehicles"])


@router.get("")
@freshness.vehicles_list
async def list_vehicles(session: Reading, state: State, *, limit: Limit = 100, after: After = None) -> VehiclePage:
    """Vehicles by id."""
    scope = ("vehicles",)
    position = "" if after is None else state.cursors.open(scope, after)[0]
    found = await vehicles.page(session, after=position, limit=limit + 1)
    page, following = state.cursors.cut(scope, found, limit, lambda vehicle: [vehicle.vehicle_id])
    return VehiclePage(items=[Vehicle.model_validate(vehicle) for vehicle in page], next=following)


@router.get("/{vehicle_id}", responses=problems(HTTPStatus.NOT_FOUND))
async def get_vehicle(vehicle_id: VehicleId, session: Reading, response: Response) -> Vehicle:
    """One vehicle with who drives it now."""
    found = await vehicles.one(session, vehicle_id)
    if found is None:
        raise NotFound(f"There is no vehicle {vehicle_id}. /api/v1/admin/vehicles lists them.")
    answer = Vehicle.model_validate(found)
    tag(response, found.version, answer)
    return answer


@edits.post("", status_code=HTTPStatus.CREATED, responses=MADE)
async def create_vehicle(body: NewVehicle, edit: Editing, response: Response) -> VehicleRecord:
    """Make a vehicle."""
    made = await edit_vehicles.create(edit.session, edit.actor, body.model_dump())
    response.headers["Location"] = f"/api/v1/admin/vehicles/{made['vehicle_id']}"
    tag(response, made["version"])
    return VehicleRecord.model_validate(made)


@edits.put("/{vehicle_id}", responses=EDITED)
async def replace_vehicle(
    vehicle_id: VehicleId, body: VehicleReplacement, edit: Editing, expected: Matching, response: Response
) -> VehicleRecord:
    """Replace a vehicle: what the body leaves out is cleared."""
    return await _change(vehicle_id, body.model_dump(), edit, expected, response)


@edits.patch("/{vehicle_id}", responses=EDITED)
async def patch_vehicle(
    vehicle_id: VehicleId, body: VehiclePatch, edit: Editing, expected: Matching, response: Response
) -> VehicleRecord:
    """Change some fields of a vehicle (JSON merge patch): null clears, what the body leaves out stays."""
    return await _change(vehicle_id, body.given(), edit, expected, response)


@edits.delete("/{vehicle_id}", status_code=HTTPStatus.NO_CONTENT, responses=REMOVED)
async def delete_vehicle(vehicle_id: VehicleId, edit: Editing, expected: Matching) -> None:
    """Delete a vehicle that has neither assignments nor trips."""
    await edit_vehicles.remove(edit.session, edit.actor, vehicle_id, expected)


async def _change(
    vehicle_id: str, values: dict[str, Any], edit: Edit, expected: Expected, response: Response
) -> VehicleRecord:
    changed = await edit_vehicles.change(edit.session, edit.actor, vehicle_id, values, expected)
    tag(response, changed["version"])
    return VehicleRecord.model_validate(changed)
