"""Positions are stored once, in the partition of their month, whoever else makes that partition at the same time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from roadlens.domain import unix_microseconds
from roadlens.storage.binary import Positions
from roadlens.storage.database import Database
from roadlens.storage.writes import positions
from roadlens.storage.writes.positions import Partitions, Touched
from roadlens.telemetry.batch import Fix
from tests.support import fleet
from tests.support.fleet import NOON, array, fix

PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'positions'::regclass ORDER BY 1"


def at(day: str) -> Fix:
    return fix(0)._replace(fix_time=unix_microseconds(datetime.fromisoformat(day).replace(tzinfo=UTC)))


async def stored(database: Database, partitions: Partitions, sent: Positions) -> list[Touched]:
    async with database.write() as session:
        await partitions.ensure(session, sent)
        return await positions.store(session, sent)


async def names(database: Database) -> list[str]:
    async with database.read() as session:
        return [name for (name,) in await session.tuples(PARTITIONS)]


async def test_only_what_is_new_is_stored_and_told(database: Database) -> None:
    await fleet.make_devices(database, ("A", "B"))
    partitions = Partitions()
    first = await stored(database, partitions, array([fix(1), fix(5), fix(5), fix(5, digest=1)], 1))
    assert first == [Touched(1, NOON.replace(second=1), NOON.replace(second=5), 3)]
    again = await stored(database, partitions, array([fix(5), fix(3), fix(1)], 1))
    assert again == [Touched(1, NOON.replace(second=3), NOON.replace(second=3), 1)]
    assert await stored(database, partitions, array([fix(5)], 1)) == []
    async with database.read() as session:
        progress = await session.tuples("SELECT device_id, positions, last_fix_at FROM device_progress ORDER BY 1")
    assert progress == [(1, 4, NOON.replace(second=5)), (2, 0, None)]


async def test_each_month_has_a_partition_from_its_first_to_its_last_moment(database: Database) -> None:
    await fleet.make_devices(database, ("A",))
    edges = [at("2023-12-31T23:59:59.999999"), at("2024-01-01"), at("2024-02-29"), at("2000-01-01")]
    await stored(database, Partitions(), array(edges, 1))
    assert await names(database) == ["positions_2000_01", "positions_2023_12", "positions_2024_01", "positions_2024_02"]
    async with database.read() as session:
        found = await session.tuples("SELECT tableoid::regclass::text, count(*) FROM positions GROUP BY 1 ORDER BY 1")
    assert found == [(name, 1) for name in await names(database)]


async def test_a_known_month_is_not_asked_for_again(database: Database) -> None:
    await fleet.make_devices(database, ("A",))
    partitions = Partitions()
    for _ in range(2):
        await stored(database, partitions, array([fix(1)], 1))
    seen: list[str] = []
    database.observe(lambda statement, _seconds: seen.append(statement))
    async with database.write() as session:
        await partitions.ensure(session, array([fix(2)], 1))
        assert seen == []


async def test_a_month_whose_making_was_rolled_back_is_made_again(database: Database) -> None:
    await fleet.make_devices(database, ("A",))
    partitions = Partitions()

    async def fail() -> None:
        async with database.write() as session:
            await partitions.ensure(session, array([fix(1)], 1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert len(await stored(database, partitions, array([fix(1)], 1))) == 1


async def test_two_deliveries_at_once_make_a_month_once(database: Database) -> None:
    await fleet.make_devices(database, ("A", "B", "C", "D"))

    async def deliver(device_id: int) -> list[Touched]:
        return await stored(
            database, Partitions(), array([at(f"2024-{month:02}-01") for month in range(1, 13)], device_id)
        )

    told = await asyncio.gather(*(deliver(device_id) for device_id in (1, 2, 3, 4)))
    assert [touched.added for (touched,) in told] == [12] * 4
    assert len(await names(database)) == 12


async def test_old_positions_are_held_while_somebody_judges_them_and_live_ones_ask_nothing(database: Database) -> None:
    kept = datetime(2024, 1, 1, tzinfo=UTC)
    async with database.write() as session:
        await session.execute("UPDATE installation SET positions_from = :kept", {"kept": kept})
    statements: list[str] = []
    database.observe(lambda sql, _seconds: statements.append(sql))
    week = timedelta(days=7)
    async with database.write() as session:
        for now, asked in ((NOON, None), (NOON + week, None), (NOON + week + timedelta(microseconds=1), kept)):
            assert statements == []
            assert await Partitions().kept_from(session, array([fix(0), fix(5)]), now) == asked
        assert len(statements) == 2
        assert await Partitions().kept_from(session, array([]), NOON + 2 * week) is None
        assert len(statements) == 2
        async with database.read() as other:
            lock = "SELECT mode FROM pg_locks WHERE relation = 'positions'::regclass"
            assert await other.tuples(lock) == [("RowExclusiveLock",)]
