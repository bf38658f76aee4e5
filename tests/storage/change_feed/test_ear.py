"""A process that keeps no answers hears the workers all the same, so that its writes need not wait for renewals."""

from __future__ import annotations

import asyncio

from roadlens.storage.change_feed.ear import Ear
from roadlens.storage.change_feed.feed import ChangeFeed
from roadlens.storage.database import Database
from tests.support.feed_process import feed_process
from tests.support.versions import PATIENCE_S, RAISE_X, current, raise_x, some_settled_at_once, until, workers

LISTENING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'roadlens ear' AND query LIKE 'LISTEN%' AND state = 'idle'
"""


async def test_its_writes_are_acknowledged(database: Database, database_url: str) -> None:
    ear = Ear(database_url)
    with feed_process(database_url) as worker, database.hearing(ear.acknowledgements):

        async def write() -> None:
            await raise_x(database)
            held = await current(database, "x")
            trusted, versions = worker.ask("x")
            assert not trusted or versions == held

        async with ear.running():
            assert len(await workers(database)) == 1
            await some_settled_at_once(database, write)
            worker.knows("x", await current(database, "x"))


async def other_than(before: int | None, database: Database) -> int:
    """Wait until another process of PostgreSQL's serves an ear that listens."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with database.read() as session:
                found = await session.tuples(LISTENING)
            for (pid,) in found:
                if pid != before:
                    return int(pid)


async def test_it_hears_again_after_a_loss(database: Database, database_url: str) -> None:
    ear, feed = Ear(database_url), ChangeFeed(database_url)
    async with ear.running(), feed.running():
        await until(feed.trusted)
        before = await other_than(None, database)
        async with database.read() as session:
            assert await session.value("SELECT pg_terminate_backend(:pid)", {"pid": before})
        await other_than(before, database)
        with database.hearing(ear.acknowledgements):
            async with database.write() as session:
                await session.value(RAISE_X)
                xid = int(await session.value("SELECT pg_current_xact_id()::text"))
        await until(lambda: feed.worker_id in ear.acknowledgements.of(xid))
