"""What nearly every test stands on: a real PostgreSQL, and a migrated database of its own for each test."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import make_url

from roadlens.api.passwords import hash_password
from roadlens.storage.database import Database
from tests.support.api import PASSWORD, Api, open_api
from tests.support.known_fleet import add_known_fleet
from tests.support.memory import directory_in_memory
from tests.support.postgres import TEMPLATE, Server, running_server
from tests.support.valkey import Valkey, running_valkey

# An example that takes long says only that the machine has other work. What else holds, as in CI, stays.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The cache's tests run twice: on the Valkey of a wheel, and with `make test-system` on the system's own Redis."""
    for item in items:
        below = item.path.relative_to(Path(__file__).parent)
        if below.parts[0] == "cache" or (below.parts[0] == "journeys" and below.name.startswith("test_cache_")):
            item.add_marker("redis")


def pytest_collection_finish() -> None:
    """What has been imported stays: the collector of garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with directory_in_memory(tmp_path_factory.mktemp("postgres")) as directory, running_server(directory) as server:
        yield server


@pytest.fixture
def database_url(postgres: Server) -> Iterator[str]:
    """The address of a migrated, empty database that only this test sees."""
    with postgres.copy_of(TEMPLATE) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database.open(database_url, pool_size=5, max_connections=20, name="roadlens test", durable=True)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with running_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def valkey(valkey_server: Valkey) -> Valkey:
    """A running Valkey, empty; a test that stops or pauses one starts its own."""
    with valkey_server.client() as client:
        client.flushall()
    return valkey_server


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
async def api(database: Database, database_url: str, password_hash: str) -> AsyncIterator[Api]:
    async with open_api(database, database_url, password_hash) as opened:
        yield opened


@pytest.fixture(scope="module")
async def shared_api(postgres: Server, password_hash: str) -> AsyncIterator[Api]:
    """The application over one database for a module's tests of what is refused: they change nothing, and look."""
    with postgres.copy_of(TEMPLATE) as url:
        database = Database.open(url, pool_size=5, max_connections=20, name="roadlens test", durable=True)
        async with open_api(database, url, password_hash) as opened:
            yield opened
        await database.close()


@pytest.fixture(scope="session")
async def fleet_template(postgres: Server) -> AsyncIterator[str]:
    """The name of a database with the fleet of known numbers, for tests to copy; nobody may be connected to it."""
    with postgres.copy_of(TEMPLATE) as url:
        database = Database.open(url)
        await add_known_fleet(database)
        await database.close()
        name = make_url(url).database
        assert name is not None
        yield name


@pytest.fixture
async def fleet(postgres: Server, fleet_template: str, password_hash: str) -> AsyncIterator[Api]:
    """The application over a copy of that fleet."""
    with postgres.copy_of(fleet_template) as url:
        database = Database.open(url, pool_size=5, max_connections=20, name="roadlens test", durable=True)
        async with open_api(database, url, password_hash) as opened:
            yield opened
        await database.close()
