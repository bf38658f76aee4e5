"""For supervisors and load balancers: is the process alive, and can it answer. Nobody signs in for this."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from roadlens.api.dependencies import Reading
from roadlens.api.openapi import problems
from roadlens.api.schemas.health import Alive, Ready

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> Alive:
    """200 while the process answers at all; asks nobody else."""
    return Alive()


@router.get("/readyz", responses=problems(HTTPStatus.SERVICE_UNAVAILABLE))
async def readyz(session: Reading) -> Ready:
    """200 while the database answers."""
    await session.value("SELECT 1")
    return Ready()
