"""Sessions on the real thing: what a statement counts, what a reader may not do, what an absent database says."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from roadlens.errors import DatabaseUnavailable, Overloaded
from roadlens.storage.database import Database, WriteSession

OPEN = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
INSERT_VEHICLE = "INSERT INTO vehicles (vehicle_id, name) VALUES ('VEH-0001', 'van')"


async def test_observer_sees_each_statement(database: Database) -> None:
    seen: list[str] = []
    stop = database.observe(lambda statement, _seconds: seen.append(statement))
    async with database.read() as session:
        assert await session.value("SELECT 1") == 1
    stop()
    async with database.read() as session:
        await session.value("SELECT 2")
    assert seen == ["SELECT 1"]


async def test_a_read_session_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"):
        async with database.read() as session:
            await session.value(INSERT_VEHICLE)


async def test_a_write_session_commits_at_its_end_and_rolls_back_on_an_error(database: Database) -> None:
    async def change_and_fail() -> None:
        async with database.write() as session:
            await session.execute(INSERT_VEHICLE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_and_fail()
    async with database.write() as session:
        assert await session.execute(INSERT_VEHICLE) == 1
    async with database.read() as reading:
        assert await reading.value("SELECT sum(vehicles) FROM fleet_totals") == 1


async def test_an_absent_database_is_unavailable() -> None:
    nowhere = Database.open("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DatabaseUnavailable):
        async with nowhere.read() as session:
            await session.value("SELECT 1")
    await nowhere.close()


async def test_what_postgresql_has_ended_is_not_lent_after_a_renewal(database: Database, database_url: str) -> None:
    async with database.read() as first, database.read() as second:
        theirs = [await session.value("SELECT pg_backend_pid()") for session in (first, second)]
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as operator:
        await operator.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) pid", (theirs,))
    database.renew()
    async with database.read() as session:
        assert await session.value("SELECT pg_backend_pid()") not in theirs


async def test_who_holds_a_connection_when_they_are_renewed_gives_back_the_only_one(database_url: str) -> None:
    small = Database.open(database_url, pool_size=1, max_connections=1, name="small")
    async with small.read() as session:
        before = await session.value("SELECT pg_backend_pid()")
        small.renew()
        assert await session.value("SELECT pg_backend_pid()") == before
    async with small.read() as session:
        after = await session.value("SELECT pg_backend_pid()")
        assert after != before
    async with small.read() as session:
        assert await session.value("SELECT pg_backend_pid()") == after
    assert small.connections == (0, 1, 1)
    async with (
        asyncio.timeout(120),
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as looking,
    ):
        while (await (await looking.execute(OPEN, (before,))).fetchone()) != (0,):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    await small.close()


async def test_two_that_wait_for_each_other_both_come_through(database: Database) -> None:
    """Each takes one row and then the other's: PostgreSQL ends one of them, which then runs anew."""
    async with database.write() as session:
        await session.execute("INSERT INTO vehicles (vehicle_id, name) VALUES ('A', '0'), ('B', '0')")

    async def both(session: WriteSession, first: str, second: str) -> None:
        for vehicle in (first, second):
            await session.execute(
                "UPDATE vehicles SET name = (name::int + 1)::text WHERE vehicle_id = :id", {"id": vehicle}
            )
            await asyncio.sleep(0.3)

    async def in_a_savepoint(first: str, second: str) -> None:
        async with database.write() as session:
            await session.execute("INSERT INTO vehicles (vehicle_id, name) VALUES (:id, 'kept')", {"id": first * 2})
            await session.retrying(lambda: both(session, first, second))

    await asyncio.gather(
        database.retrying(lambda session: both(session, "A", "B")),
        database.retrying(lambda session: both(session, "B", "A")),
    )
    await asyncio.gather(in_a_savepoint("A", "B"), in_a_savepoint("B", "A"))
    async with database.read() as reading:
        names = await reading.tuples("SELECT vehicle_id, name FROM vehicles ORDER BY vehicle_id")
    assert names == [("A", "4"), ("AA", "kept"), ("B", "4"), ("BB", "kept")]


async def test_a_deadlock_that_nobody_tries_anew_is_told(database: Database) -> None:
    async with database.write() as session:
        await session.execute("INSERT INTO vehicles (vehicle_id, name) VALUES ('A', '0'), ('B', '0')")

    each_has_one = asyncio.Barrier(2)

    async def both(*vehicles: str) -> str:
        try:
            async with database.write() as session:
                for vehicle in vehicles:
                    await session.execute("UPDATE vehicles SET name = 'x' WHERE vehicle_id = :id", {"id": vehicle})
                    if vehicle == vehicles[0]:
                        await each_has_one.wait()
        except Overloaded as error:
            return error.detail
        return "done"

    told = await asyncio.gather(both("A", "B"), both("B", "A"))
    assert sorted(told) == ["Somebody else is changing the same. Nothing was changed; try again.", "done"]
