"""Tags and versions as the database has them, and waiting until something is so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

from roadlens.storage.change_feed.feed import ChangeFeed
from roadlens.storage.database import Database

# What a machine that does much else takes for it, and more.
PATIENCE_S = 120.0
RAISE_X = "SELECT roadlens_raise_tags('{x}')"


async def current(database: Database, *tags: str) -> tuple[str, ...]:
    """The versions in the table."""
    async with database.read() as session:
        rows = await session.tuples("SELECT tag, counter || '-' || nonce FROM cache_tag")
    known: dict[str, str] = dict(rows)
    return tuple(known.get(tag, "0") for tag in tags)


async def workers(database: Database) -> list[Any]:
    """The ids of those that have a lease."""
    async with database.read() as session:
        return [worker for (worker,) in await session.tuples("SELECT worker_id FROM cache_worker")]


async def raise_x(database: Database) -> None:
    """One write that raises the tag `x`."""
    async with database.write() as session:
        await session.value(RAISE_X)


def believed(feed: ChangeFeed, *tags: str) -> tuple[str, ...] | None:
    """What it answers from; None while it trusts nothing, as after a machine that stood still for a lease."""
    return feed.of(tags) if feed.trusted() else None


async def knows(feed: ChangeFeed, database: Database, *tags: str) -> None:
    """It believes nothing but what the table has; on a busy machine it may be a while until it believes that."""
    held = await current(database, *tags)
    assert believed(feed, *tags) in (None, held)
    await until(lambda: believed(feed, *tags) == held)


async def some_settled_at_once(database: Database, write: Callable[[], Awaitable[None]]) -> None:
    """Of many writes one at least was settled by its first look at the workers, so by their word: for renewals, which
    take half a second, a writer looks again and again.
    """
    looks: list[int] = []

    def observe(statement: str, _seconds: float) -> None:
        looks[-1] += "LEFT JOIN cache_worker" in statement

    stop = database.observe(observe)
    for _ in range(40):
        looks.append(0)
        await write()
    stop()
    assert 1 in looks, looks


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens in this loop or elsewhere in its own time."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.005)


WAITING = b"""
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def somebody_waits(connection: psycopg.AsyncConnection) -> None:
    """Until somebody waits for a lock in this database."""
    async with asyncio.timeout(PATIENCE_S):
        while (await (await connection.execute(WAITING)).fetchone()) != (1,):  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.005)
