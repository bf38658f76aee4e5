"""Journeys run against installations of their own; those of the cache share a server with two workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.installation import Installation
from tests.support.pair import Pair, opened_pair
from tests.support.postgres import Server
from tests.support.valkey import Valkey, running_valkey


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "data")


@pytest.fixture(scope="package")
def redis_of_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with running_valkey(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="package")
def pair(
    postgres: Server, fleet_template: str, redis_of_pair: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Two workers over the fleet of known numbers and a Redis; a test leaves them as they were."""
    with postgres.copy_of(fleet_template) as url:
        settings = {"DATABASE_URL": url, "ROADLENS_WORKERS": "2", "ROADLENS_CACHE_AUDIT": "0"}
        settings |= {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis_of_pair.port)}
        with opened_pair(Installation(tmp_path_factory.mktemp("pair") / "data", settings)) as opened:
            yield opened
