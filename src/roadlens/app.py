"""The application, as a table of contents: middleware in the order a request meets it, then what can be asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from roadlens import __version__
from roadlens.api import ingest_body, problems, reference
from roadlens.api.body_limit import BodyLimit
from roadlens.api.cursor import Cursors
from roadlens.api.dependencies import ServerState
from roadlens.api.headers import SecurityHeaders
from roadlens.api.openapi import DescribedApi
from roadlens.api.passwords import PasswordCheck
from roadlens.api.routes import (
    assignments,
    audit,
    auth,
    dashboard,
    devices,
    drivers,
    events,
    health,
    ingest,
    passwords,
    trips,
    users,
    vehicles,
)
from roadlens.api.throttle import Throttle
from roadlens.api.tokens import Tokens
from roadlens.observability import route as metrics_route
from roadlens.observability.ingest import IngestMetrics
from roadlens.observability.requests import Requests
from roadlens.observability.statements import StatementMetrics
from roadlens.storage.change_feed.feed import ChangeFeed
from roadlens.telemetry.collector import Collector
from roadlens.wiring import Wiring, signing_secret

# Bytes. Nothing that is asked here needs more but batches of positions, and anybody may send them.
LONGEST_BODY = 64 * 1024


def create_app(wiring: Wiring) -> FastAPI:
    """The server's ASGI application on what `wiring` opened. It closes nothing.

    Raises:
        SetupError: the signing secret cannot be read or made.
    """
    feed = ChangeFeed(wiring.database_url)
    counted = IngestMetrics(wiring.metrics)
    collector = Collector(wiring.database, register=wiring.settings.auto_register, observe=counted)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        with wiring.database.hearing(feed.acknowledgements):
            async with feed.running(), collector.running():
                yield

    app = _Application(
        title="Roadlens",
        version=__version__,
        summary="Driver risk, explained.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    secret = signing_secret(wiring.settings)
    app.state.server = ServerState(
        database=wiring.database,
        tokens=Tokens(secret, timedelta(seconds=wiring.settings.token_lifetime)),
        cursors=Cursors(secret),
        passwords=PasswordCheck(),
        throttle=Throttle(secret),
        collector=collector,
    )

    app.state.metrics = wiring.metrics
    wiring.database.observe(StatementMetrics(wiring.metrics))

    # The last one added is the first that a request meets, but for what `_Application` puts around all.
    app.add_middleware(BodyLimit, longest=LONGEST_BODY, longer={ingest.BATCHES: ingest_body.LONGEST_BATCH})
    app.add_middleware(SecurityHeaders)
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(wiring.settings.trusted_proxies))
    problems.install(app)

    # First, for routes are tried in order, and no other is asked so often.
    app.include_router(ingest.router, prefix="/api/v1")
    app.include_router(_v1())
    app.include_router(health.router)
    app.include_router(metrics_route.router(wiring.metrics))
    reference.install(app)
    return app


class _Application(DescribedApi):
    """What stands around even the answers to exceptions."""

    def build_middleware_stack(self) -> ASGIApp:
        return Requests(super().build_middleware_stack(), self.state.metrics)


def _v1() -> APIRouter:
    """All that people ask: what needs a token of theirs, and the ways to one."""
    v1 = APIRouter(prefix="/api/v1")
    for resource in (auth, passwords, dashboard, drivers, trips, events, vehicles, devices, assignments, users, audit):
        v1.include_router(resource.router)
    for edited in (drivers, vehicles, devices, assignments, users):
        v1.include_router(edited.edits)
    return v1
