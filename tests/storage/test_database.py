"""Sessions on the real thing: what a statement counts, what a reader may not do, what an absent database says."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from roadlens.errors import DatabaseUnavailable
from roadlens.storage.database import Database

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
