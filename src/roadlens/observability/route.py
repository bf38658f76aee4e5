"""`GET /metrics`: what Prometheus scrapes, one target an instance. Nobody signs in for this."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Response

from roadlens.observability.metrics import Metrics
from roadlens.observability.present import Present


def router(metrics: Metrics, present: Present) -> APIRouter:
    """The route over these metrics; `present` brings up to date what is so now in this process.

    It stands in docs/metrics.md, for its answer is no JSON of the reference's.
    """
    route = APIRouter(include_in_schema=False)

    @route.get("/metrics")
    async def metrics_page(accept: Annotated[str, Header()] = "") -> Response:
        present.look()
        # With several workers files are read, and that is done beside the event loop.
        page, media_type = await asyncio.to_thread(metrics.page, accept)
        return Response(page, headers={"Content-Type": media_type})

    return route
