"""When a write returns, every worker that may be trusted knows of it; and what is not to be waited for is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID, uuid4

import psycopg
import pytest

from roadlens.storage.change_feed.acknowledgements import Acknowledgements
from roadlens.storage.change_feed.feed import ChangeFeed
from roadlens.storage.change_feed.lease import LEASE_S
from roadlens.storage.change_feed.settling import Settlement, Standing, Worker
from roadlens.storage.database import Database, WriteSession
from tests.support.feed_process import feed_process
from tests.support.versions import (
    PATIENCE_S,
    RAISE_X,
    believed,
    current,
    knows,
    raise_x,
    some_settled_at_once,
    somebody_waits,
    until,
    workers,
)

ENTER = "INSERT INTO cache_worker (worker_id, host, pid, loaded) VALUES (:id, 'here', 1, pg_current_snapshot())"


async def enter(database: Database) -> UUID:
    """The row of a worker that has loaded all tags, and will never say anything."""
    worker = uuid4()
    async with database.write() as session:
        await session.execute(ENTER, {"id": worker})
    return worker


async def test_every_worker_knows_when_a_write_returns(feed: ChangeFeed, database: Database, database_url: str) -> None:
    other, told = ChangeFeed(database_url), 0
    with feed_process(database_url) as third:
        async with other.running():
            for _ in range(300):
                await raise_x(database)
                held = await current(database, "x")
                trusted, versions = third.ask("x")
                said = [believed(feed, "x"), believed(other, "x"), versions if trusted else None]
                assert all(each in (None, held) for each in said)
                told += 3 - said.count(None)
            assert told > 300, "each of them trusts what it knows, but for moments of a busy machine"
            assert (await current(database, "x"))[0].startswith("300-")
            await knows(feed, database, "x")


async def test_so_with_a_write_that_is_tried_anew(feed: ChangeFeed, database: Database, database_url: str) -> None:
    other = ChangeFeed(database_url)

    async def work(session: WriteSession) -> None:
        await session.value(RAISE_X)

    async def write() -> None:
        await database.retrying(work)
        held = await current(database, "x")
        assert believed(other, "x") in (None, held)
        assert believed(feed, "x") in (None, held)

    async with other.running():
        await until(other.trusted)
        await some_settled_at_once(database, write)
        await knows(other, database, "x")


async def test_so_with_constraints_made_immediate(feed: ChangeFeed, database: Database) -> None:
    for _ in range(50):
        async with database.write() as session:
            await session.value(RAISE_X)
            await session.execute("SET CONSTRAINTS ALL IMMEDIATE")
        held = await current(database, "x")
        assert believed(feed, "x") in (None, held)
    await knows(feed, database, "x")


async def test_who_hears_nothing_waits_for_renewals(database: Database, database_url: str) -> None:
    """No acknowledgement is heard: two renewals that were not there after the commit say as much, in half a lease. On a
    busy machine they may take a whole one, now and then.
    """
    feed, took, before = ChangeFeed(database_url), LEASE_S, None
    async with feed.running():
        async with asyncio.timeout(PATIENCE_S):
            while took >= LEASE_S:
                await until(feed.trusted)
                began, before = time.monotonic(), feed.worker_id
                await raise_x(database)
                took = time.monotonic() - began
                held = await current(database, "x")
                assert believed(feed, "x") in (None, held)
        assert feed.worker_id != before or before in await workers(database)


async def test_a_silent_worker_is_waited_for_a_lease_and_then_gone(database: Database) -> None:
    await enter(database)
    began = time.monotonic()
    await raise_x(database)
    assert time.monotonic() - began >= LEASE_S
    assert await workers(database) == []


async def test_a_worker_that_renews_at_the_last_moment_is_not_given_up(database: Database, database_url: str) -> None:
    """1. A renewal is under way for the whole wait; 2. the writer gives the worker up, and waits for the row; 3. the
    renewal is committed.
    """
    worker = await enter(database)
    async with await psycopg.AsyncConnection.connect(database_url) as renewing:
        await renewing.execute("UPDATE cache_worker SET renewals = renewals + 1")
        write = asyncio.create_task(raise_x(database))
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as looking:
            await somebody_waits(looking)
        await renewing.commit()
        await write
    assert await workers(database) == [worker]


async def test_a_write_that_touches_nothing_watched_waits_for_nobody(database: Database) -> None:
    worker = await enter(database)
    seen: list[str] = []
    stop = database.observe(lambda statement, _seconds: seen.append(statement))
    async with database.write() as session:
        await session.execute("UPDATE fleet_totals SET trips = trips + 1")
    stop()
    assert len(seen) == 2
    assert await workers(database) == [worker]


async def test_without_workers_nothing_is_waited_for(database: Database) -> None:
    seen: list[str] = []
    stop = database.observe(lambda statement, _seconds: seen.append(statement))
    await raise_x(database)
    stop()
    assert len(seen) == 3


async def test_who_leaves_while_it_settles_has_made_the_change(database: Database, database_url: str) -> None:
    await enter(database)
    write = asyncio.create_task(raise_x(database))
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as looking:
        committed = b"SELECT count(*) FROM cache_tag WHERE tag = 'x'"
        while (await (await looking.execute(committed)).fetchone()) != (1,):  # noqa: ASYNC110 - a commit sets no event
            await asyncio.sleep(0.005)
    assert write.cancel()
    with pytest.raises(asyncio.CancelledError):
        await write
    assert await current(database, "x") != ("0",)
    for _ in range(10):
        async with database.write() as session:
            assert await session.value("SHOW transaction_isolation") == "read committed"


class Watched:
    """The answers of a table of workers, one after the other; the last one stays."""

    def __init__(self, *standings: Standing | None) -> None:
        self._standings = list(standings)
        self.looks = 0
        self.forgotten: list[Worker] = []

    async def look(self) -> Standing | None:
        self.looks += 1
        return self._standings.pop(0) if len(self._standings) > 1 else self._standings[0]

    async def forget(self, silent: Sequence[Worker]) -> None:
        self.forgotten += silent

    async def settle(self, acknowledgements: Acknowledgements | None = None, *, durable: bool = False) -> float:
        """Seconds it took."""
        began = time.monotonic()
        await Settlement(7, self.look, self.forget, acknowledgements, durable).settled()
        return time.monotonic() - began


ADA, BO = UUID(int=1), UUID(int=2)


def standing(*seen: Worker, started_now: bool = False) -> Standing:
    return Standing(seen, started_now)


async def test_who_loaded_after_the_commit_knows() -> None:
    watched = Watched(standing(Worker(ADA, 5, knows=True)))
    await watched.settle()
    assert watched.looks == 1


async def test_an_acknowledgement_before_or_during_the_wait_is_enough() -> None:
    heard = Acknowledgements()
    heard.heard(ADA, [7])
    watched = Watched(standing(Worker(ADA, 5, knows=False), Worker(BO, 5, knows=False)))
    waiting = asyncio.create_task(watched.settle(heard))
    while watched.looks < 2:  # noqa: ASYNC110 - the second look comes of itself
        await asyncio.sleep(0)
    heard.heard(BO, [6])
    heard.heard(BO, [7])
    assert await waiting < LEASE_S
    assert watched.forgotten == []


@pytest.mark.parametrize(("renewals", "knows"), [(6, False), (7, True)])
async def test_the_second_renewal_is_proof_and_the_first_is_not(renewals: int, knows: bool) -> None:
    watched = Watched(standing(Worker(ADA, 5, knows=False)), standing(Worker(ADA, renewals, knows=False)))
    waited = await watched.settle()
    assert (watched.looks == 2) == knows
    assert knows or waited >= LEASE_S
    # It has renewed, so it lives: its row stays, although it is waited for no longer than a lease.
    assert watched.forgotten == []


async def test_who_has_gone_or_come_later_is_not_waited_for() -> None:
    watched = Watched(standing(Worker(ADA, 5, knows=False)), standing(Worker(BO, 0, knows=False)))
    await watched.settle()
    assert watched.looks == 2


async def test_silent_ones_are_forgotten_as_they_were_seen() -> None:
    watched = Watched(standing(Worker(ADA, 5, knows=False), Worker(BO, 5, knows=True)))
    assert await watched.settle() >= LEASE_S
    assert watched.forgotten == [Worker(ADA, 5, knows=False)]


async def test_after_a_start_and_when_nobody_can_say_a_lease_is_waited() -> None:
    assert await Watched(None).settle() >= LEASE_S
    assert await Watched(standing(started_now=True)).settle() >= LEASE_S
    durable = Watched(standing(started_now=True))
    await durable.settle(durable=True)
    assert durable.looks == 1


async def test_workers_that_cannot_be_read_any_more() -> None:
    watched = Watched(standing(Worker(ADA, 5, knows=False)), None)
    assert await watched.settle() >= LEASE_S
