"""A newer release is installed beside a server that goes on serving, and takes its place without a request lost."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from roadlens.errors import SetupError
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage import migrate
from tests.support.installation import Api, Installation
from tests.support.load import Load
from tests.support.postgres import Server
from tests.support.releases import REVISION, VERSION, Release
from tests.support.workers import is_alive, until, upgrades_of, workers_of

EACH = 6
WARM = 150
SCHEMA = "SELECT version_num FROM alembic_version"


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return Release.copied(tmp_path / "release")


@pytest.fixture
def installation(postgres: Server, fleet_template: str, tmp_path: Path, release: Release) -> Iterator[Installation]:
    with postgres.copy_of(fleet_template) as url:
        yield Installation(tmp_path / "data", {"DATABASE_URL": url, "ROADLENS_WORKERS": "2", **release.environment})


def upgraded(installation: Installation) -> str:
    """By the code of this process, which is the older release."""
    return migrate.upgrade(installation.settings["DATABASE_URL"], "UTC", DEFAULT.as_dict())


@pytest.mark.system
async def test_it_takes_over_under_load(installation: Installation, release: Release) -> None:
    with installation.server() as server:
        load = load_on(server, installation)
        before = workers_of(server.pid)
        assert version(server) != VERSION
        clients = [asyncio.ensure_future(client) for client in load.clients(EACH)]
        async with asyncio.timeout(240):
            await asyncio.to_thread(until, lambda: load.answered >= WARM)
            release.upgrade(migrate.head())
            await asyncio.to_thread(installation.run, "reload")
            await asyncio.to_thread(replaced, server)
            load.stopped.set()
            await asyncio.gather(*clients)
        assert version(server) == VERSION
        assert not set(before) & set(workers_of(server.pid))
    assert load.lost == []
    assert load.refused == [], server.said[-40:]
    with psycopg.connect(installation.settings["DATABASE_URL"]) as connection:
        assert connection.execute(SCHEMA).fetchone() == (REVISION,)
    # The older release goes on beside it, and starts again there, as long as the newer one says so.
    assert upgraded(installation) == REVISION
    with psycopg.connect(installation.settings["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"UPDATE schema_support SET oldest = '{REVISION}'".encode())
        with pytest.raises(SetupError, match=f"schema {REVISION}, which this version of Roadlens does not know"):
            upgraded(installation)
        connection.execute("DROP TABLE schema_support")
        with pytest.raises(SetupError, match="does not know"):
            upgraded(installation)


def load_on(server: Api, installation: Installation) -> Load:
    url, token = server.client.base_url, server.client.headers["Authorization"].removeprefix("Bearer ")
    found = re.search(r"rlt_\S+", installation.run("tokens", "create", "load"))
    assert found is not None
    return Load(url.host, url.port or 0, token, found[0])


def version(server: Api) -> str:
    """Of whoever answers; all workers are of one release before and after."""
    described = server.client.get(server.client.base_url.join("/openapi.json"), headers={"Connection": "close"})
    return str(described.json()["info"]["version"])


def replaced(server: Api) -> None:
    """Two processes start, one after the other, while all others are busy."""
    until(lambda: any("All 2 workers were replaced" in line for line in server.said), within_s=200)


def test_a_step_that_waits_for_a_lock_lets_others_through(installation: Installation, release: Release) -> None:
    """1. Somebody reads trips in a transaction that stays open. 2. The upgrade wants to change trips, and waits.
    3. Others still read trips: they are not behind it for long. 4. The first lets go, and the upgrade is made.
    """
    release.upgrade(migrate.head())
    url = installation.settings["DATABASE_URL"]
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as other:
        holder.execute("SELECT count(*) FROM trips")
        said: list[str] = []
        upgrading = threading.Thread(target=lambda: said.append(installation.run("db", "upgrade")))
        upgrading.start()
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'trips'::regclass"
        for _ in range(2):
            until(lambda: other.execute(waits).fetchone() == (1,))
            assert other.execute("SELECT count(*) FROM trips").fetchone() is not None
        assert said == []
        holder.rollback()
        upgrading.join()
    assert f"schema {REVISION}" in said[0]
    assert "waits for a lock" in said[0]


def test_two_that_upgrade_at_once_do_not_wait_for_each_other(installation: Installation, release: Release) -> None:
    """The second one's turn comes after the first has made its index beside writers."""
    release.upgrade(migrate.head())
    said: list[str] = []
    both = [threading.Thread(target=lambda: said.append(installation.run("db", "upgrade"))) for _ in range(2)]
    with psycopg.connect(installation.settings["DATABASE_URL"], autocommit=True) as lock:
        lock.execute("SELECT pg_advisory_lock(%s)", (migrate.MIGRATION_LOCK,))
        for each in both:
            each.start()
        connected = "SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE application_name = 'roadlens migrate'"
        until(lambda: lock.execute(connected).fetchone() == (2,))
    for each in both:
        each.join()
    assert len(said) == 2
    assert all(f"schema {REVISION}" in line for line in said)
    with psycopg.connect(installation.settings["DATABASE_URL"]) as connection:
        valid = connection.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'trips_remark_idx'::regclass")
        assert valid.fetchone() == (True,)


@pytest.mark.system
@pytest.mark.parametrize("hangs", [False, True])
def test_a_stop_ends_the_upgrade_of_a_reload(installation: Installation, release: Release, *, hangs: bool) -> None:
    """1. A reload upgrades, in a step of ten minutes. 2. The server is told to stop. 3. The upgrade ends with it, also
    one that hears nothing, and PostgreSQL undoes what the step has done.
    """
    migrating = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'roadlens migrate'"
    with psycopg.connect(installation.settings["DATABASE_URL"], autocommit=True) as watch:
        before = watch.execute(SCHEMA).fetchone()
        with installation.server() as server:
            release.upgrade(migrate.head(), lasts_s=600)
            os.kill(server.pid, signal.SIGHUP)
            until(lambda: watch.execute(f"{migrating} AND query ~ 'pg_sleep'".encode()).fetchone() == (1,))
            (upgrading,) = upgrades_of(server.pid)
            if hangs:
                os.kill(upgrading, signal.SIGSTOP)
            os.kill(server.pid, signal.SIGTERM)
            until(lambda: not is_alive(server.pid))
            assert not is_alive(upgrading)
        until(lambda: watch.execute(migrating.encode()).fetchone() == (0,))
        assert watch.execute(SCHEMA).fetchone() == before
    assert any("the server stops, and the upgrade of its database with it" in line for line in server.said)
    release.upgrade(migrate.head())
    assert f"schema {REVISION}" in installation.run("db", "upgrade")
