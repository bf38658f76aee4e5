"""Nobody who is cancelled leaves a connection behind that is not as it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

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
