"""A process that keeps no answers hears the workers all the same, so that its writes need not wait for renewals."""

from __future__ import annotations

import asyncio

from roadlens.storage.change_feed.ear import Ear
from roadlens.storage.change_feed.feed import ChangeFeed
from roadlens.storage.database import Database
from tests.support.feed_process import feed_process
from tests.support.versions import RAISE_X, current, raise_x, until, workers


async def test_its_writes_are_acknowledged(database: Database, database_url: str) -> None:
    ear = Ear(database_url)
    with feed_process(database_url) as worker, database.hearing(ear.acknowledgements):
        # Without it each takes half a second and more.
        async with ear.running(), asyncio.timeout(15):
            assert len(await workers(database)) == 1
            for _ in range(40):
                await raise_x(database)
                assert worker.ask("x") == (True, await current(database, "x"))


async def test_it_hears_again_after_a_loss(database: Database, database_url: str) -> None:
    ear, feed = Ear(database_url), ChangeFeed(database_url)
    lost = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'roadlens ear'"
    listens = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'roadlens ear' AND query LIKE 'LISTEN%'"
    async with ear.running(), feed.running():
        async with database.read() as session:
            assert await session.value(lost) == 1
        async with asyncio.timeout(30):
            heard = 0
            while heard != 1:
                async with database.read() as session:
                    heard = await session.value(listens)
        with database.hearing(ear.acknowledgements):
            async with database.write() as session:
                await session.value(RAISE_X)
                xid = int(await session.value("SELECT pg_current_xact_id()::text"))
        await until(lambda: feed.worker_id in ear.acknowledgements.of(xid))
