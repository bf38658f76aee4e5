"""The months of positions as the catalogue knows them, and the moment from which on they would be kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from roadlens.storage.database import Database
from roadlens.storage.reads import partitions
from tests.support.rows import add_driver, add_positions

DECEMBER = datetime(2023, 12, 31, 23, 59, tzinfo=UTC)


async def test_months_come_by_time_with_their_bounds_and_sizes(database: Database) -> None:
    async with database.write() as session:
        await add_driver(session, 1)
        await add_positions(session, "device-1", datetime(2024, 2, 10, tzinfo=UTC), 30)
        await add_positions(session, "device-1", DECEMBER, 5)
        await session.execute("CREATE TABLE others PARTITION OF positions DEFAULT")
    async with database.write() as session:
        await session.execute("ANALYZE positions")
    async with database.read() as session:
        found = await partitions.months(session)
    assert [(month.name, month.first, month.until, month.about) for month in found] == [
        ("positions_2023_12", datetime(2023, 12, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC), 5),
        ("positions_2024_02", datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC), 30),
    ]
    assert all(month.bytes > 0 for month in found)


async def test_a_month_that_was_never_looked_at_has_no_estimate(database: Database) -> None:
    async with database.write() as session:
        await add_driver(session, 1)
        await add_positions(session, "device-1", DECEMBER, 5)
    async with database.read() as session:
        (month,) = await partitions.months(session)
    assert month.about is None


async def test_positions_are_counted_by_month_up_to_a_moment(database: Database) -> None:
    async with database.write() as session:
        await add_driver(session, 1)
        await add_positions(session, "device-1", DECEMBER, 6)
        await add_positions(session, "device-1", datetime(2024, 1, 10, tzinfo=UTC), 30)
    async with database.read() as session:
        assert await partitions.counts(session, DECEMBER) == {}
        assert await partitions.counts(session, DECEMBER + timedelta(seconds=30)) == {"positions_2023_12": 3}
        both = {"positions_2023_12": 6, "positions_2024_01": 30}
        assert await partitions.counts(session, datetime(2024, 2, 1, tzinfo=UTC)) == both


@pytest.mark.parametrize(("days", "as_if"), [(365, 365), (31, 31), (1, 31), (0, 31), (-400, 31)])
async def test_the_oldest_month_that_has_one_of_the_days_is_kept_whole(
    database: Database, days: int, as_if: int
) -> None:
    async with database.read() as session:
        found = await partitions.cutoff(session, days)
        oldest = await session.value("SELECT now() - make_interval(days => :days)", {"days": as_if})
    assert found == oldest.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    assert found.utcoffset() == timedelta(0)


async def test_who_uses_positions_is_named(database: Database) -> None:
    async with database.read() as session:
        assert await partitions.in_the_way(session) is None
    async with database.write() as user:
        await user.execute("LOCK TABLE positions IN ACCESS SHARE MODE")
        pid = await user.value("SELECT pg_backend_pid()")
        async with database.read() as session:
            told = await partitions.in_the_way(session)
    assert told is not None
    assert told.startswith(f"roadlens test, process {pid}, for ")
