"""For supervisors and load balancers: is the process alive, and can it answer. Nobody signs in for this."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from roadlens.api.dependencies import State
from roadlens.api.openapi import problems
from roadlens.api.schemas.health import Alive, Parts, Ready

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> Alive:
    """200 while the process answers at all; asks nobody else."""
    return Alive()


@router.get("/readyz", responses=problems(HTTPStatus.SERVICE_UNAVAILABLE))
async def readyz(state: State) -> Ready:
    """200 while the worker that answers should be sent requests; 503 names the part that is in the way.

    It is not ready before its change feed is attached to the database, nor while the database is away or the server
    stops. Without Redis it is.
    """
    return Ready(parts=Parts.model_validate(await state.readiness.look()))
