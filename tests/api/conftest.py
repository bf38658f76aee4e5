"""The application on a database of its own, and clients that are signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from roadlens.api.passwords import hash_password
from roadlens.app import create_app
from roadlens.domain import Role
from roadlens.settings import Settings
from roadlens.storage.database import Database
from roadlens.storage.writes import users
from roadlens.wiring import Wiring

PASSWORD = "correct horse battery staple"
SECRET = "a secret of the tests, long enough to be one"


@dataclass(frozen=True)
class Api:
    """What a test asks with. `headers` are those of the admin unless a request brings its own."""

    app: FastAPI
    client: AsyncClient
    database: Database
    tokens: dict[Role, str]

    async def get(self, path: str, role: Role = Role.ADMIN, **params: Any) -> Response:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        return await self.client.get(f"/api/v1{path}", headers=headers, params=params or None)

    async def answer(self, path: str, **params: Any) -> Any:
        """The JSON of an answer that must be a success."""
        response = await self.get(path, **params)
        assert response.status_code == 200, response.text
        return response.json()

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The SQL that runs within the block."""
        seen: list[str] = []
        stop = self.database.observe(lambda statement, _seconds: seen.append(statement))
        yield seen
        stop()


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
async def api(database: Database, database_url: str, password_hash: str, tmp_path: Path) -> AsyncIterator[Api]:
    settings = Settings.model_validate({"ROADLENS_SECRET_KEY": SECRET, "ROADLENS_DATA_DIR": tmp_path})
    app = create_app(Wiring(settings, database, database_url))
    tokens = {}
    async with database.write() as session:
        for role in Role:
            user = await users.create(session, "test", username=role.value, role=role, password_hash=password_hash)
            tokens[role] = app.state.server.tokens.issue(user, 0)
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://roadlens.test") as client:
        yield Api(app, client, database, tokens)
