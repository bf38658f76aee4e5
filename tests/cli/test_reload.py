"""Workers that are replaced one by one under load, that hang, and that die: nothing is lost, nobody waits."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.installation import Api, Installation
from tests.support.load import Load
from tests.support.postgres import Server
from tests.support.workers import is_alive, until, workers_of

EACH = 8
WARM = 200


@pytest.fixture(scope="module")
def installation(
    postgres: Server, fleet_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with postgres.copy_of(fleet_template) as url:
        settings = {"DATABASE_URL": url, "ROADLENS_WORKERS": "2", "ROADLENS_WORKER_TIMEOUT": "4"}
        yield Installation(tmp_path_factory.mktemp("reload") / "data", settings)


@pytest.fixture(scope="module")
def server(installation: Installation) -> Iterator[Api]:
    with installation.server() as api:
        yield api


def leases(installation: Installation) -> set[int]:
    """The processes that writers wait for."""
    with psycopg.connect(installation.settings["DATABASE_URL"]) as connection:
        return {pid for (pid,) in connection.execute("SELECT pid FROM cache_worker").fetchall()}


def times_said(server: Api, what: str) -> int:
    return sum(what in line for line in server.said)


@pytest.mark.system
async def test_a_reload_under_load_loses_nothing(server: Api, installation: Installation) -> None:
    """Each worker is replaced while clients ask and store without a pause, and edits are seen at once."""
    url, token = server.client.base_url, server.client.headers["Authorization"].removeprefix("Bearer ")
    found = re.search(r"rlt_\S+", installation.run("tokens", "create", "load"))
    assert found is not None
    load = Load(url.host, url.port or 0, token, found[0])
    before = workers_of(server.pid)
    clients = [asyncio.ensure_future(client) for client in load.clients(EACH)]
    async with asyncio.timeout(240):
        await asyncio.to_thread(until, lambda: load.answered >= WARM)
        assert str(server.pid) in await asyncio.to_thread(installation.run, "reload")
        for city in range(1000):
            await asyncio.to_thread(edit_and_read, server, f"City {city}")
            if times_said(server, "All 2 workers were replaced"):
                break
        load.stopped.set()
        await asyncio.gather(*clients)
    after = workers_of(server.pid)
    assert len(after) == 2
    assert not set(after) & set(before)
    assert not any(map(is_alive, before))
    assert load.lost == []
    assert load.refused == []
    assert leases(installation) == set(after)


def edit_and_read(server: Api, city: str) -> None:
    """By connections of their own, so that any worker may have either."""
    address = server.client.base_url.join("admin/drivers/DRV-0002")
    for _ in range(2):  # a connection that has just been ended is made anew
        server.client.headers["Connection"] = "close"
    assert server.client.patch(address, json={"city": city}).status_code == 200
    for _ in range(4):
        assert server.client.get(address).json()["city"] == city


def test_a_new_worker_that_cannot_start_leaves_those_that_are_there(server: Api, installation: Installation) -> None:
    before = workers_of(server.pid)
    with psycopg.connect(installation.settings["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("UPDATE score_versions SET active = false")
        os.kill(server.pid, signal.SIGHUP)
        until(lambda: times_said(server, "those of before go on") == 1)
        connection.execute("UPDATE score_versions SET active = true")
    assert workers_of(server.pid) == before
    edit_and_read(server, "Unmoved")


def test_a_worker_that_hangs_is_replaced(server: Api) -> None:
    hanging, other = workers_of(server.pid)
    os.kill(hanging, signal.SIGSTOP)
    until(lambda: not is_alive(hanging))
    until(lambda: len(workers_of(server.pid)) == 2)
    assert other in workers_of(server.pid)
    until(lambda: times_said(server, "no sign of life") == 1)


def test_the_lease_of_a_worker_that_was_killed_is_given_back(server: Api, installation: Installation) -> None:
    """Its row goes without any writer: one that edits now need not wait for a lease to run out."""
    until(lambda: leases(installation) == set(workers_of(server.pid)) and len(leases(installation)) == 2)
    killed, _ = workers_of(server.pid)
    os.kill(killed, signal.SIGKILL)
    until(lambda: killed not in leases(installation))
    until(lambda: len(leases(installation)) == 2)
    edit_and_read(server, "Buried")
    # A busy machine may have had another one taken for dead.
    gone = re.compile(rf"taken for dead: .*, process {killed}\b")
    assert not any(map(gone.search, server.said))


def test_a_single_process_says_that_it_cannot(postgres: Server, fleet_template: str, tmp_path: Path) -> None:
    with postgres.copy_of(fleet_template) as url:
        alone = Installation(tmp_path / "data", {"DATABASE_URL": url})
        assert "No server runs with the data directory" in alone.run("reload", fails=True)
        with alone.server() as server:
            alone.run("reload")
            until(lambda: times_said(server, "A reload needs ROADLENS_WORKERS of 2 or more") == 1)
            assert server.get("/admin/users")["items"]
