"""A server that is told to stop under load: what was sent on a connection that it took is answered, and all of it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from tests.support.installation import Api, Installation
from tests.support.load import Load, forward
from tests.support.postgres import Server
from tests.support.raw_http import RawConnection, connected
from tests.support.workers import is_alive, stopped, until, workers_of

STORED = "SELECT count(*) FROM positions JOIN devices USING (device_id) WHERE unique_id LIKE 'load-%'"
EACH = 20
WARM = 400


@pytest.fixture(params=["1", pytest.param("2", marks=pytest.mark.system)], ids=["one worker", "two workers"])
def installation(
    request: pytest.FixtureRequest, postgres: Server, fleet_template: str, tmp_path: Path
) -> Iterator[Installation]:
    with postgres.copy_of(fleet_template) as url:
        yield Installation(tmp_path / "data", {"DATABASE_URL": url, "ROADLENS_WORKERS": request.param})


def ingest_token(installation: Installation) -> str:
    found = re.search(r"rlt_\S+", installation.run("tokens", "create", "load"))
    assert found is not None
    return found[0]


def stored(installation: Installation) -> int:
    with psycopg.connect(installation.settings["DATABASE_URL"]) as connection:
        row = connection.execute(STORED).fetchone()
    assert row is not None
    return int(row[0])


@asynccontextmanager
async def open_connection(server: Api) -> AsyncIterator[RawConnection]:
    url = server.client.base_url
    token = server.client.headers["Authorization"].removeprefix("Bearer ")
    async with connected(url.host, url.port or 0, token) as connection:
        yield connection


def load_on(server: Api, installation: Installation) -> Load:
    url = server.client.base_url
    token = server.client.headers["Authorization"].removeprefix("Bearer ")
    return Load(url.host, url.port or 0, token, ingest_token(installation))


async def test_a_stop_under_load_loses_nothing(installation: Installation) -> None:
    with installation.server() as server:
        load = load_on(server, installation)
        clients = [asyncio.ensure_future(client) for client in load.clients(EACH)]
        async with asyncio.timeout(120):
            await asyncio.to_thread(until, lambda: load.answered >= WARM)
            os.kill(server.pid, signal.SIGTERM)
            await asyncio.gather(*clients)
        await asyncio.to_thread(until, lambda: not is_alive(server.pid))
    assert load.lost == []
    assert load.refused == [], "".join(server.said[-14:])
    assert load.answered > WARM
    assert stored(installation) == load.stored > 0


async def test_requests_that_came_in_part_are_taken_to_their_end(installation: Installation) -> None:
    """1. A head and half a body are sent. 2. The server is told to stop. 3. An idle connection sees the end, so it
    stops. 4. The rest is sent: it is stored and answered, and the answer is the last one.
    """
    body = forward("load-slow", 0)
    with installation.server() as server:
        token = ingest_token(installation)
        async with open_connection(server) as slow, open_connection(server) as idle, asyncio.timeout(120):
            idle.send("GET", "/healthz")
            assert not (await idle.answer()).last
            slow.send_head("POST", "/api/v1/ingest/traccar", len(body), token=token)
            slow.send_bytes(body[:20])
            await asyncio.sleep(0.1)  # for it to be read; were it not yet, it would be answered all the same
            os.kill(server.pid, signal.SIGTERM)
            assert await idle.ended()
            slow.send_bytes(body[20:])
            answer = await slow.answer()
            assert (answer.status, answer.last) == (200, True)
            assert await slow.ended()
        await asyncio.to_thread(until, lambda: not is_alive(server.pid))
    assert stored(installation) == 1


async def test_a_drain_comes_before_the_end(installation: Installation) -> None:
    """While it drains it is not ready, and takes new connections; each answer is the last of its connection."""
    installation.settings["ROADLENS_DRAIN_SECONDS"] = "600"
    with installation.server() as server:
        async with asyncio.timeout(120):
            assert await ask(server, "/readyz") == (200, False)
            os.kill(server.pid, signal.SIGTERM)
            await all_drain(server)
            assert await ask(server, "/healthz") == (200, True)
            assert await ask(server, "/api/v1/admin/dashboard/summary") == (200, True)
            os.kill(server.pid, signal.SIGTERM)  # once more: it drains no longer
            await asyncio.to_thread(until, lambda: not is_alive(server.pid))


async def all_drain(server: Api) -> None:
    """Wait until each process that answers has been told; while it is asked, the others rest."""
    workers = workers_of(server.pid) or [server.pid]
    for asked in workers:
        with ExitStack() as resting:
            for other in set(workers) - {asked}:
                resting.enter_context(stopped(other))
            while await ask(server, "/readyz") != (503, True):
                pass


async def ask(server: Api, path: str) -> tuple[int, bool]:
    async with open_connection(server) as connection:
        connection.send("GET", path)
        answer = await connection.answer()
        if answer.last:
            assert await connection.ended()
        return answer.status, answer.last
