"""Vehicles."""

from __future__ import annotations

from fastapi import APIRouter

from roadlens.api.dependencies import Reading, State
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.parameters import After, Limit
from roadlens.api.schemas.vehicles import Vehicle, VehiclePage
from roadlens.api.security import may_view
from roadlens.storage.reads import vehicles

router = APIRouter(prefix="/admin/vehicles", tags=["vehicles"], dependencies=[may_view], responses=problems(*GUARDED))


@router.get("")
async def list_vehicles(session: Reading, state: State, *, limit: Limit = 100, after: After = None) -> VehiclePage:
    """Vehicles by id."""
    scope = ("vehicles",)
    position = "" if after is None else state.cursors.open(scope, after)[0]
    found = await vehicles.page(session, after=position, limit=limit + 1)
    page, following = state.cursors.cut(scope, found, limit, lambda vehicle: [vehicle.vehicle_id])
    return VehiclePage(items=[Vehicle.model_validate(vehicle) for vehicle in page], next=following)
