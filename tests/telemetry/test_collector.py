"""Single positions that share a transaction: who is told what, and that nobody suffers for another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from roadlens.errors import DatabaseUnavailable, InvalidInput, NotAuthenticated, Overloaded
from roadlens.storage.database import Database
from roadlens.storage.writes import ingest_tokens
from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry import collector as collecting
from roadlens.telemetry.collector import Collector
from roadlens.telemetry.observer import Kind, Refusal, Silent
from tests.support import fleet
from tests.support.postgres import Server

GOOD, OTHER, REVOKED, UNKNOWN = (name.encode().ljust(32) for name in ("good", "other", "revoked", "unknown"))


@pytest.fixture
async def admitting(database: Database) -> Database:
    """A database that knows tokens."""
    async with database.write() as session:
        for digest in (GOOD, OTHER, REVOKED):
            name = digest.decode().strip()
            await ingest_tokens.create(session, "test", name=name, digest=digest)
        await ingest_tokens.revoke(session, "test", name="revoked")
    return database


@pytest.fixture
async def collector(admitting: Database) -> AsyncIterator[Collector]:
    opened = Collector(admitting, register=True)
    async with opened.running():
        yield opened


@contextmanager
def refused(postgres: Server, url: str) -> Iterator[None]:
    """Nobody gets into the database, and whoever was in it is thrown out."""
    database = conninfo_to_dict(url)["dbname"]
    name = sql.Identifier(str(database))
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    throw_out = sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}")
    postgres.execute(allow.format(name, sql.SQL("false")), throw_out.format(sql.Literal(database)))
    yield
    postgres.execute(allow.format(name, sql.SQL("true")))


async def stored(database: Database) -> list[str]:
    async with database.read() as session:
        found = await session.tuples("SELECT unique_id FROM positions JOIN devices USING (device_id) ORDER BY 1")
    return [unique_id for (unique_id,) in found]


async def test_positions_that_come_together_share_a_transaction(database: Database, collector: Collector) -> None:
    inserts: list[str] = []
    stop = database.observe(lambda sql, _: inserts.append(sql) if "INSERT INTO positions" in sql else None)
    names = [f"car {number}" for number in range(20)]
    await asyncio.gather(*(collector.send(GOOD, DeviceClaim(name), fleet.fix(0)) for name in names))
    stop()
    assert len(inserts) == 1
    assert await stored(database) == sorted(names)


async def test_it_is_committed_when_the_sender_is_told(database: Database, collector: Collector) -> None:
    for second in range(3):
        await collector.send(GOOD, DeviceClaim("A"), fleet.fix(second))
        assert await stored(database) == ["A"] * (second + 1)


async def test_each_is_told_of_its_own_position(database: Database, collector: Collector) -> None:
    results = await asyncio.gather(
        collector.send(GOOD, DeviceClaim("A"), fleet.fix(0)),
        collector.send(REVOKED, DeviceClaim("B"), fleet.fix(0)),
        collector.send(OTHER, DeviceClaim("C"), fleet.fix(0, latitude=141)),
        collector.send(UNKNOWN, DeviceClaim("D"), fleet.fix(0)),
        collector.send(OTHER, DeviceClaim("E"), fleet.fix(0)),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [
        type(None),
        NotAuthenticated,
        InvalidInput,
        NotAuthenticated,
        type(None),
    ]
    assert "latitude 141" in str(results[2])
    assert await stored(database) == ["A", "E"]


async def test_a_token_ends_with_its_revocation(database: Database, collector: Collector) -> None:
    await collector.send(GOOD, DeviceClaim("A"), fleet.fix(0))
    async with database.write() as session:
        await ingest_tokens.revoke(session, "test", name="good")
    with pytest.raises(NotAuthenticated, match="revoked"):
        await collector.send(GOOD, DeviceClaim("A"), fleet.fix(1))
    with pytest.raises(NotAuthenticated, match="revoked"):
        await collector.deliver(GOOD, fleet.batch_of("A", [fleet.fix(2)]))
    assert await stored(database) == ["A"]


async def test_nobody_suffers_for_one_that_cannot_be_stored(database: Database, collector: Collector) -> None:
    """A name that is no text makes the common transaction fail; nothing that can be sent over HTTP does."""
    results = await asyncio.gather(
        collector.send(GOOD, DeviceClaim("A"), fleet.fix(0)),
        collector.send(GOOD, DeviceClaim("\ud800"), fleet.fix(0)),
        collector.send(GOOD, DeviceClaim("C"), fleet.fix(0)),
        return_exceptions=True,
    )
    assert [isinstance(result, Exception) for result in results] == [False, True, False]
    assert await stored(database) == ["A", "C"]


async def test_a_sender_who_leaves_takes_nobody_along(database: Database, collector: Collector) -> None:
    leaving = asyncio.create_task(collector.send(GOOD, DeviceClaim("A"), fleet.fix(0)))
    staying = asyncio.create_task(collector.send(GOOD, DeviceClaim("B"), fleet.fix(0)))
    await asyncio.sleep(0)
    leaving.cancel()
    await staying
    assert "B" in await stored(database)


async def test_what_was_taken_is_stored_before_the_end(admitting: Database) -> None:
    collector = Collector(admitting, register=True)
    async with collector.running():
        sending = asyncio.create_task(collector.send(GOOD, DeviceClaim("A"), fleet.fix(0)))
        await asyncio.sleep(0)
    await sending
    assert await stored(admitting) == ["A"]
    with pytest.raises(Overloaded):
        await collector.send(GOOD, DeviceClaim("A"), fleet.fix(1))


async def test_no_more_wait_than_there_is_room_for(database: Database, collector: Collector) -> None:
    many = collecting.MOST_WAITING + 7
    results = await asyncio.gather(
        *(collector.send(GOOD, DeviceClaim("A"), fleet.fix(second)) for second in range(many)), return_exceptions=True
    )
    assert sum(isinstance(result, Overloaded) for result in results) == 7
    assert len(await stored(database)) == collecting.MOST_WAITING


async def test_batches_take_turns(collector: Collector) -> None:
    inside = asyncio.Event()

    async def wait() -> None:
        async with collector.turn():
            await inside.wait()

    tasks = [asyncio.create_task(wait()) for _ in range(collecting.MOST_BATCHES)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="batches"):
        async with collector.turn():
            pass
    inside.set()
    await asyncio.gather(*tasks)
    async with collector.turn():
        pass


class Counted(Silent):
    """Remembers whom it was told of."""

    def __init__(self) -> None:
        self.committed_kinds: list[str] = []
        self.refusals: list[tuple[str, str]] = []

    def committed(self, kind: Kind, seconds: float) -> None:
        assert seconds > 0
        self.committed_kinds.append(kind)

    def refused(self, kind: Kind, why: Refusal) -> None:
        self.refusals.append((kind, why))


async def test_who_is_stored_and_who_is_refused_is_told(admitting: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "MOST_WAITING", 2)
    monkeypatch.setattr(collecting, "MOST_BATCHES", 0)
    counted = Counted()
    collector = Collector(admitting, register=True, observer=counted)
    async with collector.running():
        sending = [collector.send(GOOD, DeviceClaim("A"), fleet.fix(second)) for second in range(3)]
        results = await asyncio.gather(*sending, return_exceptions=True)
        assert [isinstance(result, Overloaded) for result in results] == [False, False, True]
        await collector.deliver(GOOD, fleet.batch_of("B", [fleet.fix(0)]))
        with pytest.raises(Overloaded):
            async with collector.turn():
                pass
    assert (collector.waiting, collector.waiting_since) == (0, None)
    with pytest.raises(Overloaded):
        await collector.send(GOOD, DeviceClaim("A"), fleet.fix(9))
    with pytest.raises(Overloaded):
        await collector.deliver(GOOD, fleet.batch_of("B", [fleet.fix(9)]))
    assert counted.committed_kinds == ["single", "single", "batch"]
    assert counted.refusals == [("single", "busy"), ("batch", "busy"), ("single", "closed"), ("batch", "closed")]


async def test_a_database_that_goes_away_is_told_to_everybody(postgres: Server, database_url: str) -> None:
    database = Database.open(database_url, pool_size=1, max_connections=1)
    collector = Collector(database, register=True)
    async with database.write() as session:
        await ingest_tokens.create(session, "test", name="good", digest=GOOD)
    async with collector.running():
        await collector.send(GOOD, DeviceClaim("A"), fleet.fix(0))
        with refused(postgres, database_url):
            results = await asyncio.gather(
                *(collector.send(GOOD, DeviceClaim("A"), fleet.fix(second)) for second in (1, 2)),
                return_exceptions=True,
            )
            assert [type(result) for result in results] == [DatabaseUnavailable, DatabaseUnavailable]
        await collector.send(GOOD, DeviceClaim("A"), fleet.fix(1))
        assert await stored(database) == ["A", "A"]
    await database.close()
