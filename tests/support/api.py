"""The application on a database of its own, as a client that is signed in sees it. Nothing of it is replaced."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from roadlens.app import create_app
from roadlens.domain import Role
from roadlens.observability.journal import Journal
from roadlens.settings import Settings
from roadlens.storage.database import Database
from roadlens.storage.writes import users
from roadlens.wiring import Wiring

PASSWORD = "correct horse battery staple"
SECRET = "a secret of the tests, long enough to be one"
# Of the statement by which a writer sees who has to hear of its commit (storage/change_feed/settler.py).
LOOK = "LEFT JOIN cache_worker"


@dataclass(frozen=True)
class Api:
    """What a test asks with, and a token of each role."""

    app: FastAPI
    client: AsyncClient
    database: Database
    tokens: dict[Role, str]

    async def get(self, path: str, role: Role = Role.ADMIN, **params: Any) -> Response:
        """Ask as a user of that role; `params` are the query."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        return await self.client.get(f"/api/v1{path}", headers=headers, params=params or None)

    async def hit(self, path: str) -> Response:
        """An answer from the cache; on a busy machine it may be a while until that is trusted."""
        for _ in range(100):
            response = await self.get(path)
            if "; hit;" in response.headers.get("Cache-Status", ""):
                return response
            await asyncio.sleep(0.1)
        raise AssertionError(f"{path} is not kept")

    async def trusting(self, path: str, seen: list[str] | None = None, **params: Any) -> Response:
        """An answer while the cache is trusted: after a bypass, which a busy machine may bring, it is asked for again.

        `seen` are the statements so far; those of bypasses are taken out.
        """
        for _ in range(100):
            before = len(seen or ())
            response = await self.get(path, **params)
            if "fwd=bypass" not in response.headers.get("Cache-Status", ""):
                return response
            del (seen or [])[before:]
            await asyncio.sleep(0.1)
        raise AssertionError(f"the cache is never trusted: {path}")

    async def answer(self, path: str, **params: Any) -> Any:
        """The JSON of an answer that must be a success."""
        response = await self.get(path, **params)
        assert response.status_code == 200, response.text
        return response.json()

    async def send(
        self, method: str, path: str, body: Any = None, role: Role = Role.ADMIN, if_match: str | None = None
    ) -> Response:
        """Change something as a user of that role; `body` is sent as JSON."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}", "Content-Type": "application/json"}
        if if_match is not None:
            headers["If-Match"] = if_match
        content = None if body is None else json.dumps(body)
        return await self.client.request(method, f"/api/v1{path}", headers=headers, content=content)

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The SQL that runs within the block. A writer looks at the workers until they know, more often than once on a
        busy machine: of such looks, one after the other, there is the first.
        """
        seen: list[str] = []

        def observe(statement: str, _seconds: float) -> None:
            if not (LOOK in statement and seen and LOOK in seen[-1]):
                seen.append(statement)

        stop = self.database.observe(observe)
        yield seen
        stop()


@asynccontextmanager
async def open_api(
    database: Database, database_url: str, password_hash: str, journal: Journal | None = None, /, **more: str
) -> AsyncIterator[Api]:
    """The application over that database, to which it adds a user of each role, all with `PASSWORD`.

    `journal` is where it writes down what it does; `more` are settings, as the environment has them.
    """
    # A test asks faster than people may.
    settings = Settings.model_validate({"ROADLENS_SECRET_KEY": SECRET, "ROADLENS_RATE_LIMIT": "0", **more})
    app = create_app(Wiring(settings, database, database_url, journal=journal or Journal()))
    tokens = {}
    async with database.write() as session:
        for role in Role:
            user = await users.create(session, "test", username=role.value, role=role, password_hash=password_hash)
            tokens[role] = app.state.server.tokens.issue(user, 0)
    transport = ASGITransport(app, raise_app_exceptions=False)
    client = AsyncClient(transport=transport, base_url="http://roadlens.test")
    async with app.router.lifespan_context(app), client:
        yield Api(app, client, database, tokens)
