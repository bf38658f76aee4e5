"""What routes are given: the server's state, and one read transaction a request that ends before the answer leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Request

from roadlens.api.cursor import Cursors
from roadlens.api.export import Exports
from roadlens.api.passwords import PasswordCheck
from roadlens.api.readiness import Readiness
from roadlens.api.refusals import Refusals
from roadlens.api.throttle import Throttle
from roadlens.api.tokens import Tokens
from roadlens.cache.audit import SNAPSHOT, Audit, Snapshot
from roadlens.cache.changes import Changes
from roadlens.cache.clearing import Clearing
from roadlens.cache.engine import Cache
from roadlens.cache.history import History
from roadlens.storage.database import Database, ReadSession
from roadlens.storage.reads import cache_state
from roadlens.telemetry.collector import Collector


@dataclass(frozen=True, slots=True)
class ServerState:
    """What all requests share. `create_app` puts it at `app.state.server`. `worker` is the lease held at the moment."""

    database: Database
    tokens: Tokens
    cursors: Cursors
    passwords: PasswordCheck
    throttle: Throttle
    collector: Collector
    exports: Exports
    cache: Cache
    audit: Audit | None
    changes: Changes
    history: History
    clearing: Clearing
    refusals: Refusals
    worker: Callable[[], UUID | None]
    readiness: Readiness


async def server_state(request: Request) -> ServerState:
    return cast(ServerState, request.app.state.server)


State = Annotated[ServerState, Depends(server_state)]


async def client_host(request: Request) -> str:
    """The address that the request comes from; a trusted proxy's word for it has been taken before."""
    return request.client.host if request.client else ""


ClientHost = Annotated[str, Depends(client_host)]


async def read_session(state: State, request: Request) -> AsyncIterator[ReadSession]:
    async with state.database.read() as session:
        snapshot: Snapshot | None = request.scope.get(SNAPSHOT)
        if snapshot is not None:
            snapshot.versions = await cache_state.versions(session, snapshot.tags)
        yield session


# FastAPI ends a dependency after the answer was sent unless its scope is "function".
Reading = Annotated[ReadSession, Depends(read_session, scope="function")]
