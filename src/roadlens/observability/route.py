"""`GET /metrics`: what Prometheus scrapes, one target an instance. Nobody signs in for this."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response

from roadlens.observability.metrics import Metrics


def router(metrics: Metrics) -> APIRouter:
    """The route over these metrics. It stands in docs/metrics.md, for its answer is no JSON of the reference's."""
    route = APIRouter(include_in_schema=False)

    # Not `async`: with several workers files are read, and that is done beside the event loop.
    @route.get("/metrics")
    def metrics_page(accept: Annotated[str, Header()] = "") -> Response:
        page, media_type = metrics.page(accept)
        return Response(page, headers={"Content-Type": media_type})

    return route
