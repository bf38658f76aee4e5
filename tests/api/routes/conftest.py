"""The application over a copy of the fleet with known numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.engine import make_url

from roadlens.storage.database import Database
from tests.support.api import Api, open_api
from tests.support.known_fleet import add_known_fleet
from tests.support.postgres import TEMPLATE, Server


@pytest.fixture(scope="session")
async def fleet_template(postgres: Server) -> AsyncIterator[str]:
    """The name of a database that tests copy; nobody may be connected to it meanwhile."""
    with postgres.copy_of(TEMPLATE) as url:
        database = Database.open(url)
        await add_known_fleet(database)
        await database.close()
        name = make_url(url).database
        assert name is not None
        yield name


@pytest.fixture
async def fleet(postgres: Server, fleet_template: str, password_hash: str) -> AsyncIterator[Api]:
    with postgres.copy_of(fleet_template) as url:
        database = Database.open(url, pool_size=5, max_connections=20, name="roadlens test")
        async with open_api(database, url, password_hash) as opened:
            yield opened
        await database.close()
