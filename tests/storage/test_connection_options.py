"""Nobody who is cancelled leaves a connection behind that is not as it was."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from psycopg.waiting import MAX_BUSY_TIME
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from roadlens.storage.address import sqlalchemy_url
from roadlens.storage.connection_options import with_options
from roadlens.storage.database import Database

TURNS = range(60)

# Each row of it goes with its transaction: there are none where each statement is one.
_STAGE = "CREATE TEMPORARY TABLE stage (number int) ON COMMIT DROP"


@pytest.fixture
async def single(database_url: str) -> AsyncIterator[Database]:
    """A database with one connection, which everybody gets in turn."""
    opened = Database.open(database_url, pool_size=1, max_connections=1)
    yield opened
    await opened.close()


async def writes_in_a_transaction(database: Database) -> None:
    async with database.write() as session:
        assert await session.value("SELECT current_setting('transaction_read_only')") == "off"
        assert await session.value("SELECT current_setting('transaction_isolation')") == "read committed"
        await session.execute(_STAGE)
        assert await session.execute("INSERT INTO stage VALUES (1)") == 1


async def reads(database: Database) -> None:
    async with database.read() as session:
        await session.value("SELECT 1")


async def settles(database: Database) -> None:
    """A write that workers must hear of; one of them never does, so the writer looks again and again."""
    async with database.write() as session:
        await session.execute("INSERT INTO vehicles (vehicle_id, name) VALUES (gen_random_uuid()::text, 'Van')")


async def cancelled_after(turns: int, work: Awaitable[None]) -> None:
    """Cancel the work after that many turns of the event loop, wherever it is then."""
    task = asyncio.ensure_future(work)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})


async def take(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        keep_busy()
        _ = await with_options(connection, postgresql_readonly=True, isolation_level="AUTOCOMMIT")


def keep_busy() -> None:
    """Do what the driver answers with a turn of the event loop at the next chance, even where it need not wait."""
    end = time.monotonic() + MAX_BUSY_TIME
    while time.monotonic() < end:
        pass


async def test_options_that_are_half_set_do_not_stay(database_url: str) -> None:
    engine = create_async_engine(sqlalchemy_url(database_url), pool_size=1, max_overflow=0)
    for turns in range(10):
        async with engine.begin() as warm:
            await warm.execute(text("SELECT 1"))
        await cancelled_after(turns, take(engine))
        async with engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            assert (driver.autocommit, bool(driver.read_only)) == (False, False), turns
    await engine.dispose()


@pytest.mark.parametrize("work", [reads, settles])
async def test_a_write_after_something_cancelled_is_a_transaction(
    single: Database, work: Callable[[Database], Awaitable[None]]
) -> None:
    async with single.write() as session:
        await session.execute("INSERT INTO cache_worker (worker_id, host, pid) VALUES (gen_random_uuid(), 'gone', 1)")
    for turns in TURNS:
        await cancelled_after(turns, work(single))
        await writes_in_a_transaction(single)


async def test_a_write_after_one_that_waited_for_the_dead_is_a_transaction(single: Database) -> None:
    async with single.write() as session:
        await session.execute("INSERT INTO cache_worker (worker_id, host, pid) VALUES (gen_random_uuid(), 'gone', 1)")
    await settles(single)
    await writes_in_a_transaction(single)
