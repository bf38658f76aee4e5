"""Alive without a database; ready with one, with a change feed, and while the server is not to stop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from roadlens.api.readiness import FEED_AWAY_S, Readiness
from roadlens.errors import NotReady
from roadlens.storage.database import Database
from tests.support.api import Api, open_api
from tests.support.postgres import Server
from tests.support.proxy import Proxy, Way
from tests.support.valkey import HOST, Valkey
from tests.support.versions import PATIENCE_S
from tests.support.workers import until

READY = {"server": "ok", "database": "ok", "feed": "attached", "redis": "off"}


async def until_told(api: Api, status: int, parts: dict[str, str]) -> dict[str, Any]:
    """What `/readyz` says once it says that: a busy machine may take its time for each part."""
    async with asyncio.timeout(PATIENCE_S):
        while (answer := await api.client.get("/readyz")).status_code != status or answer.json()["parts"] != parts:
            pass
    return dict(answer.json())


async def test_alive_and_ready(api: Api) -> None:
    assert (await until_told(api, 200, READY))["status"] == "ready"
    with api.statements() as seen:
        assert (await api.client.get("/healthz")).json() == {"status": "ok"}
    assert seen == []
    with api.statements() as seen:
        answer = (await api.client.get("/readyz")).json()
    assert answer["parts"].keys() == READY.keys()
    assert len(seen) == 1


async def not_ready(api: Api) -> dict[str, Any]:
    answer = await api.client.get("/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert (await api.client.get("/healthz")).status_code == 200
    problem = answer.json()
    assert problem["type"] == "urn:roadlens:problem:not-ready"
    return dict(problem)


async def test_not_while_it_drains(api: Api) -> None:
    api.app.state.server.readiness.draining = True
    problem = await not_ready(api)
    assert problem["parts"]["server"] == "draining"
    problem = await until_told(api, 503, READY | {"server": "draining"})
    assert "stopping" in problem["detail"]


async def test_not_while_the_database_is_away(api: Api, database_url: str, postgres: Server) -> None:
    name = sql.Identifier(make_url(database_url).database or "")
    postgres.execute(
        sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name),
        sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(
            sql.Literal(make_url(database_url).database)
        ),
    )
    try:
        while (problem := await not_ready(api))["parts"]["feed"] == "attached":
            pass
        assert problem["parts"]["database"] == "away"
    finally:
        postgres.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
    while (await api.client.get("/readyz")).status_code != 200:
        pass


async def test_not_before_the_feed_is_attached_nor_long_after_it_was_lost(database: Database) -> None:
    for away_s, feed in ((0.0, "attached"), (FEED_AWAY_S / 2, "attaching")):
        readiness = Readiness(database, lambda away_s=away_s: away_s, lambda: "off")  # type: ignore[misc]  # mypy infers no default
        async with readiness.running():
            assert (await answered(readiness))["feed"] == feed


async def test_at_the_end_nobody_asks_the_database_any_more(database_url: str) -> None:
    database = Database.open(database_url, pool_size=1, max_connections=1)
    readiness, before = Readiness(database, lambda: 0.0, lambda: "off"), asyncio.all_tasks()
    async with database.read() as session:
        await session.value("SELECT 1")  # the only connection: who asks waits for it
        async with readiness.running():
            looking = asyncio.create_task(readiness.look())
            while len(asyncio.all_tasks() - before) < 2:  # noqa: ASYNC110 - one that asks beside it sets no event
                await asyncio.sleep(0)
            looking.cancel()
            await asyncio.wait({looking})
        assert asyncio.all_tasks() <= before
    await database.close()


async def test_a_feed_that_cannot_attach(database: Database, database_url: str, password_hash: str) -> None:
    """A server starts while its lease cannot be entered: it computes its answers, and is not ready until it can."""
    async with database.write() as session:
        await session.execute("ALTER TABLE cache_worker RENAME TO elsewhere")
    async with open_api(database, database_url, password_hash) as api:
        await not_ready(api)
        await until_told(api, 503, READY | {"feed": "away"})
        async with database.write() as session:
            await session.execute("ALTER TABLE elsewhere RENAME TO cache_worker")
        while (await api.client.get("/readyz")).status_code != 200:
            pass


async def test_ready_without_redis(
    database: Database, database_url: str, password_hash: str, valkey_server: Valkey
) -> None:
    there = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(valkey_server.port)}
    async with open_api(database, database_url, password_hash, **there) as api:
        await until_told(api, 200, READY | {"redis": "ok"})


async def test_ready_while_redis_is_away(database: Database, database_url: str, password_hash: str) -> None:
    nobody = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "1"}
    async with open_api(database, database_url, password_hash, **nobody) as api:
        await until_told(api, 200, READY | {"redis": "away"})


async def answered(readiness: Readiness) -> dict[str, str]:
    """The parts when the database has answered in time, for which a busy machine may need several looks."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(NotReady):
                return await readiness.look()


async def test_a_database_that_hangs_is_given_up_and_not_asked_again_meanwhile(database_url: str) -> None:
    """The driver takes seconds to take back what it has asked; nobody who looks waits for that."""
    address = make_url(database_url)
    between = Proxy("", 0, to_socket=f"{address.query['host']}/.s.PGSQL.{address.query.get('port', 5432)}")
    await between.accept()
    database = Database.open(f"postgresql://{address.username}@{HOST}:{between.port}/{address.database}")
    readiness = Readiness(database, lambda: 0.0, lambda: "off")
    try:
        await answered(readiness)
        between.hold(Way.BOTH)
        for _ in range(2):
            with pytest.raises(NotReady):
                await readiness.look()
            assert database.connections.in_use == 1
        between.let_go()
        await asyncio.to_thread(until, lambda: database.connections.in_use == 0)
        await answered(readiness)
    finally:
        await database.close()
        await between.close()
