"""Journeys run against installations of their own; those of the cache share a server with two workers, and so do those
of the dashboard, which also share a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.support.browser import Window, running_browser
from tests.support.dashboard import Fleet, fill
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


@pytest.fixture(scope="package")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two workers over a simulated fleet and the real drives; a test edits only what it has made itself."""
    settings = {"ROADLENS_WORKERS": "2"}
    installation = Installation(tmp_path_factory.mktemp("dashboard") / "data", settings)
    fill(installation, drivers=60, days=21)
    with Fleet.opened(installation) as opened:
        yield opened


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as started:
        yield started


@pytest.fixture
async def window(browser: Browser, dashboard: Fleet) -> AsyncIterator[Window]:
    """A window on the shared server. At the end there must have been no trouble that the test did not expect."""
    async with Window.opened(browser, dashboard.address) as opened:
        yield opened


OpenWindow = Callable[[], Awaitable[Window]]


@pytest.fixture
async def open_window(browser: Browser, dashboard: Fleet) -> AsyncIterator[OpenWindow]:
    """Opens further windows, as other users have them."""
    async with AsyncExitStack() as stack:

        async def opened() -> Window:
            return await stack.enter_async_context(Window.opened(browser, dashboard.address))

        yield opened
