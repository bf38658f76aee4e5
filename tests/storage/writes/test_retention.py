"""Months are dropped by whoever has the positions alone, or not at all; nobody waits longer than is said."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from roadlens.storage.database import Database
from roadlens.storage.reads import partitions
from roadlens.storage.writes import positions, retention
from roadlens.storage.writes.retention import InTheWay
from tests.support.months import kept_from, kept_months
from tests.support.rows import add_driver, add_positions

JANUARY, FEBRUARY, MARCH = (datetime(2024, month, 1, tzinfo=UTC) for month in (1, 2, 3))


@pytest.fixture
async def two_months(database: Database) -> Database:
    async with database.write() as session:
        await add_driver(session, 1)
        for begin in (JANUARY, FEBRUARY):
            await add_positions(session, "device-1", begin, 5)
    return database


async def drop(database: Database, until: datetime, patience_s: float = 0.05) -> None:
    async with database.write() as session:
        await retention.lock(session, patience_s)
        months = [month for month in await partitions.months(session) if month.until <= until]
        await retention.drop(session, months, until)


async def test_what_is_dropped_and_the_word_of_it_are_one_transaction(two_months: Database) -> None:
    async def fail() -> None:
        async with two_months.write() as session:
            await retention.lock(session, 1)
            await retention.drop(session, await partitions.months(session), MARCH)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await kept_months(two_months) == ["positions_2024_01", "positions_2024_02"]
    assert await kept_from(two_months) is None
    await drop(two_months, FEBRUARY)
    assert await kept_months(two_months) == ["positions_2024_02"]
    assert await kept_from(two_months) == FEBRUARY


async def test_the_moment_never_goes_back(two_months: Database) -> None:
    await drop(two_months, MARCH)
    await drop(two_months, FEBRUARY)
    assert await kept_from(two_months) == MARCH


async def test_it_comes_after_whoever_has_stored_or_judged_positions(two_months: Database) -> None:
    for use in (
        positions.hold,
        lambda session: session.execute("INSERT INTO positions SELECT * FROM positions WHERE false"),
    ):
        async with two_months.write() as user:
            await use(user)
            with pytest.raises(InTheWay):
                await drop(two_months, MARCH)
    assert len(await kept_months(two_months)) == 2


async def test_somebody_who_reads_one_month_alone_keeps_all(two_months: Database) -> None:
    async with two_months.read() as reader:
        assert await reader.value("SELECT count(*) FROM positions_2024_01") == 5
        with pytest.raises(InTheWay):
            await drop(two_months, MARCH)
    assert (len(await kept_months(two_months)), await kept_from(two_months)) == (2, None)


async def test_whoever_comes_while_it_waits_goes_on_when_it_gives_up(two_months: Database) -> None:
    async with two_months.write() as user, two_months.read() as looking:
        await positions.hold(user)
        dropping = asyncio.create_task(drop(two_months, MARCH, patience_s=5))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'positions'::regclass"
        while not await looking.value(waiting):  # noqa: ASYNC110 - PostgreSQL has no event for it
            await asyncio.sleep(0.01)
        async with two_months.write() as other:
            later = asyncio.create_task(positions.hold(other))
            with pytest.raises(InTheWay):
                await dropping
            await later


async def test_one_at_a_time(database: Database) -> None:
    async with database.write() as first:
        assert await retention.alone(first)
        async with database.write() as second:
            assert not await retention.alone(second)
    async with database.write() as third:
        assert await retention.alone(third)
