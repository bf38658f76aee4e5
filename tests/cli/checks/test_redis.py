"""A Redis that is set up as a cache, one that is not, and one that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from roadlens.cli.checks.finding import Finding
from roadlens.cli.checks.redis import check, judged
from roadlens.settings import Settings
from roadlens.storage.database import Database
from roadlens.wiring import Wiring
from tests.support.valkey import PATIENCE_S, Valkey, running_valkey


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with running_valkey(tmp_path) as server:
        yield server


async def found(database: Database, database_url: str, port: int) -> list[Finding]:
    secret = "a secret of the tests, long enough to be one"
    told = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": port, "ROADLENS_SECRET_KEY": secret}
    return await check(Wiring(Settings.model_validate(told), database, database_url))


async def until_found(database: Database, database_url: str, port: int, *what: str) -> None:
    """Sooner or later: it is looked for as long as a request waits, which a busy machine may make too short."""
    async with asyncio.timeout(PATIENCE_S):
        while [finding.what for finding in await found(database, database_url, port)] != list(what):
            pass


async def test_as_it_should_be_and_not(database: Database, database_url: str, valkey: Valkey) -> None:
    with valkey.client() as client:
        client.config_set("maxmemory", "64mb")
        client.config_set("maxmemory-policy", "allkeys-lru")
        await until_found(database, database_url, valkey.port)
        client.config_set("maxmemory", "0")
        client.config_set("maxmemory-policy", "noeviction")
    await until_found(database, database_url, valkey.port, "maxmemory is not set", "maxmemory-policy is noeviction")


async def test_away(database: Database, database_url: str) -> None:
    (finding,) = await found(database, database_url, 1)
    assert finding.level == "warning"
    assert "cannot be reached" in finding.what


def test_too_old() -> None:
    state = {"usable": True, "version": "6.0.16", "max_bytes": 1, "eviction": "allkeys-lru"}
    (finding,) = judged(state)
    assert (finding.level, finding.what) == ("error", "version 6.0.16")
