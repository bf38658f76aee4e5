"""A worker attaches, hears, renews, and stops trusting whenever it could have missed something."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from roadlens.storage.change_feed.feed import ChangeFeed
from roadlens.storage.change_feed.lease import LEASE_S, now
from roadlens.storage.database import Database
from tests.support.feed_process import feed_process
from tests.support.gate import gate
from tests.support.versions import PATIENCE_S, RAISE_X, current, knows, raise_x, until, workers
from tests.support.workers import stopped

BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'roadlens feed' AND datname = current_database()"


async def backend(database: Database) -> int:
    """PostgreSQL's process that serves the only feed."""
    async with database.read() as session:
        return int(await session.value(BACKENDS))


async def is_idle(database: Database, pid: int) -> bool:
    async with database.read() as session:
        return bool(await session.value("SELECT state = 'idle' FROM pg_stat_activity WHERE pid = :pid", {"pid": pid}))


async def renewed(feed: ChangeFeed, database: Database) -> bool:
    """For longer than a lease in one attachment: one that is lost for a moment is made anew, with a row of its own."""
    async with database.read() as session:
        own = {"worker": feed.worker_id}
        renewals = await session.value("SELECT renewals FROM cache_worker WHERE worker_id = :worker", own)
    return feed.trusted() and (renewals or 0) >= 6


@asynccontextmanager
async def psql(url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """A connection that is nothing of Roadlens's."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        yield connection


async def test_it_knows_all_versions_and_those_that_come(feed: ChangeFeed, database: Database) -> None:
    assert (await current(database, "x")) == ("0",) != await current(database, "everything")
    await knows(feed, database, "everything", "x")
    epoch = feed.epoch
    await raise_x(database)
    assert feed.epoch > epoch
    await knows(feed, database, "everything", "x")


async def test_it_is_not_trusted_before_and_after(feed: ChangeFeed, database_url: str, database: Database) -> None:
    other = ChangeFeed(database_url)
    assert not other.trusted()
    async with other.running():
        await until(other.trusted)
        gone = other.worker_id
        assert {gone, feed.worker_id} <= set(await workers(database))
        epoch = other.epoch
    assert not other.trusted()
    assert other.epoch > epoch
    assert gone not in await workers(database)
    assert feed.worker_id in await workers(database)


@pytest.mark.parametrize(
    ("table", "trigger"), [("drivers", "note_updated"), ("users", "note_truncated"), ("cache_note", "bump")]
)
async def test_where_changes_are_not_told_it_is_not_trusted(
    database_url: str, database: Database, caplog: pytest.LogCaptureFixture, table: str, trigger: str
) -> None:
    """As while a backup is restored, which makes the triggers last."""
    async with psql(database_url) as connection:
        await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}".encode())
        other = ChangeFeed(database_url)
        async with other.running():
            assert not other.trusted()
            assert await workers(database) == []
            silent = "roadlens_bump" if trigger == "bump" else f"roadlens_note_{table}"
            await until(lambda: f"({silent})" in caplog.text)
            assert not other.trusted()
            await connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}".encode())
            await until(other.trusted)


async def test_what_other_sql_changes_is_heard(feed: ChangeFeed, database_url: str, database: Database) -> None:
    async with psql(database_url) as connection:
        await connection.execute(RAISE_X)
    await until(lambda: feed.of(["x"]) != ("0",))
    await knows(feed, database, "x")


@pytest.mark.parametrize(
    "step", [b"LISTEN", b"INSERT INTO cache_worker", b"pg_current_snapshot", b"UPDATE cache_worker"]
)
async def test_a_change_while_it_attaches_is_not_missed(database: Database, database_url: str, step: bytes) -> None:
    """1. A worker comes to a step of its attachment; 2. somebody commits; 3. the worker goes on, and knows."""
    done = asyncio.Event()

    async def attached(feed: ChangeFeed) -> None:
        async with feed.running():
            await done.wait()

    async with gate(database_url, step) as (held, through), psql(database_url) as changing:
        feed = ChangeFeed(through)
        running = asyncio.create_task(attached(feed))
        async with asyncio.timeout(PATIENCE_S):
            await held.reached.wait()
        await changing.execute(RAISE_X)
        assert not feed.trusted()
        held.opened.set()
        await until(feed.trusted)
        assert feed.of(["x"]) != ("0",)
        await knows(feed, database, "x")
        done.set()
        await running


async def test_who_is_cancelled_while_it_ends_leaves_no_connection_behind(database_url: str) -> None:
    """1. A worker gives its lease back; 2. that takes long; 3. nobody waits for it any more."""
    done, before = asyncio.Event(), asyncio.all_tasks()

    async def attached(feed: ChangeFeed) -> None:
        async with feed.running():
            await done.wait()

    async with gate(database_url, b"DELETE FROM cache_worker") as (held, through):
        feed = ChangeFeed(through)
        running = asyncio.create_task(attached(feed))
        await until(feed.trusted)
        done.set()
        async with asyncio.timeout(PATIENCE_S):
            await held.reached.wait()
        running.cancel()
        await asyncio.wait({running})
        assert "roadlens feed" not in {task.get_name() for task in asyncio.all_tasks() - before}
        held.opened.set()
    assert not feed.trusted()


async def test_another_attachment_knows_nothing_of_the_one_before(feed: ChangeFeed, database: Database) -> None:
    """The database has gone back, as a restore makes it: what was known of the time after that is wrong."""
    await raise_x(database)
    async with database.write() as session:
        await session.execute("DELETE FROM cache_tag WHERE tag = 'x'")
        await session.value("SELECT pg_terminate_backend(:pid)", {"pid": await backend(database)})
    await until(lambda: feed.trusted() and feed.of(["x"]) == ("0",))


async def test_what_is_told_twice_or_late_changes_nothing(
    feed: ChangeFeed, database: Database, database_url: str
) -> None:
    """A notification of before the load: the higher counter stays."""
    await raise_x(database)
    await raise_x(database)
    await knows(feed, database, "x")
    epoch = feed.epoch
    async with psql(database_url) as connection:
        await connection.execute("""NOTIFY roadlens_tags, '{"xid": "1", "tags": [["x", 1, "00000000"]]}'""")
    await until(lambda: feed.epoch > epoch)
    await knows(feed, database, "x")


async def test_a_lost_connection_ends_trust_until_it_has_attached_anew(
    feed: ChangeFeed, database: Database, database_url: str
) -> None:
    before, pid, epoch = feed.worker_id, await backend(database), feed.epoch
    async with psql(database_url) as connection:
        await connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
        await until(lambda: not feed.trusted())
        assert feed.epoch > epoch
        await connection.execute(RAISE_X)
    await until(feed.trusted)
    assert feed.of(["x"]) == await current(database, "x")
    assert await workers(database) == [feed.worker_id]
    assert feed.worker_id != before


async def test_a_database_that_hangs_ends_trust(feed: ChangeFeed, database: Database) -> None:
    """The connection stands, and nothing comes: a write waits out the lease, and the worker has ended it before."""
    pid, hung = await backend(database), False
    while not hung:
        with stopped(pid):
            hung = await is_idle(database, pid)  # amid a renewal it would keep a writer waiting for a lock
            if hung:
                await raise_x(database)
                assert not feed.trusted()
    await until(feed.trusted)
    assert feed.of(["x"]) == await current(database, "x")


async def test_who_was_given_up_attaches_anew(feed: ChangeFeed, database: Database) -> None:
    before = feed.worker_id
    async with database.write() as session:
        await session.execute("DELETE FROM cache_worker")
    await until(lambda: feed.worker_id != before and feed.trusted())
    assert await workers(database) == [feed.worker_id]


async def test_nonsense_on_the_channel_makes_it_load_anew(
    feed: ChangeFeed, database: Database, database_url: str
) -> None:
    before = feed.worker_id
    async with psql(database_url) as connection:
        await connection.execute("NOTIFY roadlens_tags, 'nonsense'")
    await until(lambda: feed.worker_id != before and feed.trusted())
    await raise_x(database)
    await knows(feed, database, "x")


async def test_it_renews_for_as_long_as_it_runs(feed: ChangeFeed, database: Database) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await renewed(feed, database):  # noqa: ASYNC110 - a row sets no event
            await asyncio.sleep(0.01)


async def test_it_renews_while_changes_never_cease(feed: ChangeFeed, database: Database, database_url: str) -> None:
    over = asyncio.Event()

    async def change(connection: psycopg.AsyncConnection) -> None:
        payload = '{"xid": "1", "tags": [["x", 1, "00000000"]]}'
        while not over.is_set():
            await connection.execute("SELECT pg_notify('roadlens_tags', %s) FROM generate_series(1, 3)", (payload,))

    async with (
        asyncio.timeout(PATIENCE_S),
        psql(database_url) as one,
        psql(database_url) as other,
        asyncio.TaskGroup() as changing,
    ):
        for connection in (one, other):
            changing.create_task(change(connection))
        while not await renewed(feed, database):
            pass
        over.set()


async def test_what_the_cache_has_counted_is_in_its_row(database: Database, database_url: str) -> None:
    feed = ChangeFeed(database_url, counts=lambda: {"drivers_list": {"hits": 7}})
    async with feed.running():
        await until(feed.trusted)
        async with database.read() as session:
            row = await session.tuples("SELECT counts, pid, loaded IS NOT NULL FROM cache_worker")
    assert row == [({"drivers_list": {"hits": 7}}, os.getpid(), True)]


async def test_without_a_database_nothing_is_trusted_and_nothing_fails() -> None:
    feed = ChangeFeed("postgresql://nobody@127.0.0.1:1/nothing")
    async with feed.running():
        assert not feed.trusted()
        assert feed.of(["x"]) == ("0",)


async def test_a_paused_process_does_not_trust_when_it_wakes(database: Database, database_url: str) -> None:
    """1. It is paused; 2. a write is acknowledged; 3. it wakes, and is asked before it can have heard anything."""
    with feed_process(database_url) as worker:
        worker.knows("x", ("0",))
        worker.pause()
        await raise_x(database)
        worker.send("x")
        worker.wake()
        assert worker.answer() in ((False, ("0",)), (False, await current(database, "x")))
        worker.knows("x", await current(database, "x"))


async def test_a_short_pause_is_waited_for(database: Database, database_url: str) -> None:
    """Nobody gives up a worker whose lease still runs: the write returns when it has heard."""
    with feed_process(database_url) as worker:
        worker.pause()
        began = now()
        write = asyncio.create_task(raise_x(database))
        async with psql(database_url) as connection:
            committed = "SELECT count(*) FROM cache_tag WHERE tag = 'x'"
            while (await (await connection.execute(committed.encode())).fetchone()) != (1,):  # noqa: ASYNC110 - as `until`
                await asyncio.sleep(0.005)
        assert not write.done() or now() - began > LEASE_S, "a machine that stood still may have taken that long"
        worker.wake()
        await write
        worker.knows("x", await current(database, "x"))


async def test_a_killed_process_is_waited_for_once(feed: ChangeFeed, database: Database, database_url: str) -> None:
    with feed_process(database_url) as worker:
        (killed,) = set(await workers(database)) - {feed.worker_id}
        worker.kill()
    async with asyncio.timeout(PATIENCE_S):
        await raise_x(database)
    assert killed not in await workers(database)
    await knows(feed, database, "x")
