"""The application, as a table of contents: middleware in the order a request meets it, then what can be asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, cast

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from roadlens import __version__, freshness
from roadlens.api import ingest_body, problems, reference
from roadlens.api.body_limit import BodyLimit
from roadlens.api.browser_headers import BrowserHeaders, adding, answer_preflight
from roadlens.api.caching import find_key
from roadlens.api.cursor import Cursors
from roadlens.api.dependencies import ServerState
from roadlens.api.export import Exports
from roadlens.api.guard import TokenGuard
from roadlens.api.head import HeadAsGet
from roadlens.api.headers import SecurityHeaders
from roadlens.api.openapi import DescribedApi
from roadlens.api.passwords import PasswordCheck
from roadlens.api.rate_limit import RateLimit, RateLimits
from roadlens.api.readiness import Readiness
from roadlens.api.refusals import Refusals
from roadlens.api.routes import (
    assignments,
    audit,
    auth,
    cache,
    dashboard,
    devices,
    drivers,
    events,
    exports,
    health,
    ingest,
    passwords,
    personal,
    score_versions,
    trips,
    users,
    vehicles,
)
from roadlens.api.throttle import Throttle
from roadlens.api.tokens import Tokens
from roadlens.cache.clearing import Clearing
from roadlens.cache.http import KEPT, CacheHits
from roadlens.cache.principals import Principals
from roadlens.observability import gauges
from roadlens.observability import route as metrics_route
from roadlens.observability.feed import FeedMetrics
from roadlens.observability.ingest import IngestMetrics
from roadlens.observability.present import Present
from roadlens.observability.requests import Requests
from roadlens.observability.sizes import Sizes
from roadlens.observability.statements import StatementMetrics
from roadlens.settings import Settings
from roadlens.storage.aging import Aging
from roadlens.storage.reads.users import TokenHolder
from roadlens.storage.sealing import Sealing
from roadlens.telemetry.collector import Collector
from roadlens.telemetry.retention import Retention
from roadlens.web import site
from roadlens.wiring import Caching, Wiring, caching, previous_secret, signing_secret

# Bytes. Nothing that is asked here needs more but batches of positions, and anybody may send them.
LONGEST_BODY = 64 * 1024

# Where the API lives. FastAPI puts all routes of a router together once more if it is included without a prefix.
V1 = "/api/v1"


def create_app(wiring: Wiring) -> FastAPI:
    """The server's ASGI application on what `wiring` opened. It closes nothing.

    Raises:
        SetupError: the signing secret cannot be read or made.
    """
    kept = caching(wiring)
    settings, metrics = wiring.settings, wiring.metrics
    days = settings.position_retention_days
    retention = Retention(wiring.database, days, ran=gauges.Retained(metrics, wanted=days is not None))
    collector = Collector(
        wiring.database, register=settings.auto_register, observer=IngestMetrics(metrics), around=wiring.journal.around
    )
    sealing = Sealing(wiring.database, signing_secret(settings))
    aging = Aging(wiring.database, settings.audit_sign_in_days)
    sizes, present = _watched(wiring, kept, collector)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with (
            kept.running(wiring.database),
            collector.running(),
            retention.running(),
            sealing.running(),
            aging.running(),
            sizes.running(),
            present.running(),
            app.state.server.readiness.running(),
        ):
            yield

    app = _Application(
        title="Roadlens",
        version=__version__,
        summary="Driver risk, explained.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # It would lead to whatever host the request names, without TLS behind a proxy, and passwords go with it.
        redirect_slashes=False,
    )
    app.state.server = _state(wiring, kept, collector)
    app.state.metrics = metrics
    wiring.database.observe(wiring.journal.statement)
    _routes(app, wiring, present)
    limits = RateLimits(settings.rate_limit)
    _surround(app, wiring, limits)
    problems.install(app)
    _front(app, wiring, kept, limits)
    return app


def _state(wiring: Wiring, kept: Caching, collector: Collector) -> ServerState:
    """What routes find at hand."""
    settings, secret = wiring.settings, signing_secret(wiring.settings)
    return ServerState(
        database=wiring.database,
        tokens=_tokens(settings, secret),
        cursors=Cursors(secret, previous_secret(settings)),
        passwords=PasswordCheck(),
        throttle=Throttle(secret),
        collector=collector,
        exports=Exports(settings.db_max_connections // settings.workers, settings.timezone),
        cache=kept.cache,
        audit=kept.audit,
        changes=kept.changes,
        history=kept.history,
        clearing=Clearing(freshness.prefixes(), kept.cache.shared, kept.cache.memory),
        refusals=Refusals(),
        worker=lambda: kept.feed.worker_id,
        readiness=Readiness(wiring.database, kept.feed.away_s, partial(_redis, settings, kept)),
    )


def _watched(wiring: Wiring, kept: Caching, collector: Collector) -> tuple[Sizes, Present]:
    """What is counted of the database, and all that is looked at now and then."""
    metrics, settings, database = wiring.metrics, wiring.settings, wiring.database
    statements = StatementMetrics(metrics)
    database.observe(statements)
    database.observe_failures(statements.failed)
    database.observe_settling(FeedMetrics(metrics).settled)
    looks = [
        gauges.workers(metrics, settings.workers),
        gauges.cache(metrics, kept.cache, shares=settings.redis_host is not None),
        gauges.feed(metrics, kept.feed),
        gauges.database(metrics, database),
        gauges.ingest(metrics, collector),
        gauges.process(metrics),
        gauges.log(metrics, wiring.journal.output),
    ]
    data_dir = settings.data_dir if settings.database_url is None else None
    return Sizes(metrics, database, data_dir), Present(metrics, looks)


def _tokens(settings: Settings, secret: bytes) -> Tokens:
    lifetime, session = timedelta(seconds=settings.token_lifetime), timedelta(seconds=settings.session_lifetime)
    return Tokens(secret, lifetime, session, previous_secret(settings))


def _redis(settings: Settings, kept: Caching) -> str:
    if settings.redis_host is None:
        return "off"
    return "ok" if kept.cache.shared.usable else "away"


class _Application(DescribedApi):
    """FastAPI behind what stands around every answer: a hit never reaches it."""

    front: CacheHits
    browser_headers: BrowserHeaders | None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        return self.front(scope, receive, send)

    async def compute(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route the request, and answer what is not kept."""
        if self.browser_headers is None or scope["type"] != "http" or KEPT in scope:
            await super().__call__(scope, receive, send)
            return
        asked = dict(reversed(scope["headers"]))
        preflight = self.browser_headers.preflight(scope, asked)
        if preflight is not None:
            await answer_preflight(preflight, receive, send)
        else:
            await super().__call__(scope, receive, adding(self.browser_headers.headers(scope, asked), send))


def _front(app: _Application, wiring: Wiring, kept: Caching, limits: RateLimits) -> None:
    """What a hit passes, and all else before it is computed."""
    proxies = wiring.settings.trusted_proxies
    headers = BrowserHeaders(proxies, wiring.settings.cors_origins)
    app.browser_headers = headers if headers.needed else None
    app.front = CacheHits(
        app.compute,
        kept.cache,
        find_key(app),
        Principals(kept.feed, TokenGuard(wiring.database, app.state.server.tokens)),
        kept.audit,
        Requests(app.compute, wiring.metrics, wiring.journal, templates(app), proxies),
        admit=lambda principal: _admits(limits, cast(TokenHolder, principal.holder)),
        around=headers.headers if headers.needed else None,
    )


def _admits(limits: RateLimits, holder: TokenHolder) -> bool:
    return limits.admits(holder.user_id, holder.token_epoch)


def templates(app: FastAPI) -> dict[str, str]:
    """The template of each route's path, by the endpoint's name."""
    routes = iter_route_contexts(app.routes)
    return {route.endpoint.__name__: route.path for route in routes if route.endpoint is not None and route.path}


def _routes(app: FastAPI, wiring: Wiring, present: Present) -> None:
    """All that can be asked; last what a browser shows, the dashboard and the API's reference."""
    settings = wiring.settings
    # First, for routes are tried in order, and no other is asked so often.
    app.include_router(ingest.router, prefix=V1)
    app.include_router(v1(), prefix=V1)
    app.include_router(health.router)
    app.include_router(metrics_route.router(wiring.metrics, present))
    site.install(app, settings.tile_url, settings.tile_attribution)
    reference.install(app)


def _surround(app: FastAPI, wiring: Wiring, limits: RateLimits) -> None:
    """What computed answers pass. The last one added is the first that a request meets, but for those in front."""
    app.add_middleware(HeadAsGet)
    app.add_middleware(BodyLimit, longest=LONGEST_BODY, longer={ingest.BATCHES: ingest_body.LONGEST_BATCH})
    if wiring.settings.rate_limit:
        counted = wiring.metrics.counters("rate_limited_requests_total")
        tokens = app.state.server.tokens
        app.add_middleware(RateLimit, limits=limits, tokens=tokens, refused=lambda by: counted.add((by,)))
    app.add_middleware(SecurityHeaders)
    if wiring.settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(wiring.settings.trusted_proxies))


def v1() -> APIRouter:
    """All that people ask, below `V1`: what needs a token of theirs, and the ways to one."""
    router = APIRouter()
    people = (auth, passwords, users, audit, cache)
    things = (dashboard, drivers, trips, events, vehicles, devices, score_versions)
    for resource in (*people, *things, assignments, exports, personal):
        router.include_router(resource.router)
    router.include_router(drivers.looked_up)
    router.include_router(exports.confidential)
    for edited in (drivers, events, vehicles, devices, assignments, users, personal):
        router.include_router(edited.edits)
    return router
