"""What nearly every test stands on: a real PostgreSQL, and a migrated database of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from roadlens.storage.database import Database
from tests.support import postgres as server_of_tests
from tests.support.postgres import TEMPLATE, Server


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = server_of_tests.start(tmp_path_factory.mktemp("postgres"))
    try:
        server_of_tests.make_template(server)
        yield server
    finally:
        server.stop()


@pytest.fixture
def database_url(postgres: Server) -> Iterator[str]:
    """The address of a migrated, empty database that only this test sees."""
    with postgres.copy_of(TEMPLATE) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database.open(database_url, pool_size=5, max_connections=20, name="roadlens test")
    yield opened
    await opened.close()
