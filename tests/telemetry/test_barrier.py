"""Who writes trips, and who exchanges the version that scores them, never do so at once, and neither is overlooked."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from roadlens.storage.database import Database
from roadlens.storage.writes import barrier
from roadlens.telemetry import assignments
from roadlens.telemetry.delivery import Ingest
from tests.support import fleet
from tests.support.fleet import NOON, drive
from tests.support.score_versions import add_version, pending

DAY_S = 86_400
PATIENCE_S = 120.0
ACTIVATE = "UPDATE score_versions SET active = (version = 2) WHERE active OR version = 2"


async def started(database: Database) -> Ingest:
    """A device A of DRV-1, heard so often that its statements are prepared with plans for all values."""
    ingest = await fleet.open_ingest(database)
    await fleet.make_people(database, ("DRV-1", "DRV-2"))
    await fleet.make_devices(database, ("A",))
    await ingest.assign("A", "DRV-1", "VEH-1", actor="test")
    for day in range(12):
        await fleet.deliver(ingest, "A", drive(day * DAY_S, 100))
    return ingest


async def waiting(database: Database) -> None:
    async with database.read() as looking, asyncio.timeout(PATIENCE_S):
        while await looking.value("SELECT count(*) FROM pg_locks WHERE NOT granted") < 1:  # noqa: ASYNC110 - PostgreSQL has no event for it
            await asyncio.sleep(0.01)


async def versions(database: Database) -> list[int]:
    """Of all trips, the oldest first."""
    async with database.read() as session:
        return [version for (version,) in await session.tuples("SELECT score_version FROM trips ORDER BY trip_id")]


async def notes(database: Database) -> list[tuple[Any, ...]]:
    async with database.read() as session:
        return await session.tuples("SELECT score_version, device_id, first, last FROM rescored_devices ORDER BY 1, 2")


async def test_a_delivery_that_waited_scores_by_the_version_that_came_meanwhile(database: Database) -> None:
    ingest = await started(database)
    await add_version(database, 2)
    async with database.write() as session:
        await barrier.close(session, PATIENCE_S)
        delivery = asyncio.create_task(fleet.deliver(ingest, "A", drive(20 * DAY_S, 100)))
        await waiting(database)
        await session.execute(ACTIVATE)
    await delivery
    # The trip before may go on, so it was cut again with it.
    assert await versions(database) == [1] * 11 + [2] * 2
    await fleet.deliver(ingest, "A", drive(21 * DAY_S, 100))
    assert await versions(database) == [1] * 11 + [2] * 3


async def test_an_assignment_waits_before_it_holds_anything(database: Database) -> None:
    await started(database)
    await add_version(database, 2)

    async def correct() -> None:
        async with database.write() as session:
            held = await session.value("SELECT assignment_id FROM device_assignments")
            await assignments.correct(session, "test", held, {"driver_id": "DRV-2"}, None)

    async with database.write() as session:
        await barrier.close(session, PATIENCE_S)
        edit = asyncio.create_task(correct())
        await waiting(database)
        await session.execute("SELECT FROM device_progress FOR UPDATE NOWAIT")
        await session.execute(ACTIVATE)
    await edit
    assert await versions(database) == [2] * 12


async def test_who_closes_waits_for_those_who_have_passed_and_names_them(database: Database) -> None:
    await started(database)
    async with database.write() as passed:
        entered = await barrier.enter(passed)
        assert (entered.version, entered.pending) == (1, [])
        with pytest.raises(barrier.InTheWay):
            async with database.write() as session:
                await barrier.close(session, 0.05)
        async with database.read() as session:
            assert "roadlens test (process" in (await barrier.in_the_way(session)).detail
    async with database.write() as session:
        await barrier.close(session, 0.05)
        assert await session.value("SELECT current_setting('lock_timeout')") == "1min"


async def test_what_changes_while_history_is_scored_is_noted_by_its_span(database: Database) -> None:
    ingest = await started(database)
    assert await notes(database) == []
    await pending(database, 2)
    await fleet.deliver(ingest, "A", drive(30 * DAY_S, 100))
    ((version, device, first, last),) = await notes(database)
    assert (version, first, last) == (2, NOON + timedelta(days=30), NOON + timedelta(days=30, seconds=110))
    await fleet.deliver(ingest, "A", drive(28 * DAY_S, 100))
    assert await notes(database) == [(2, device, NOON + timedelta(days=28), last)]
    await pending(database, 3)
    await fleet.deliver(ingest, "A", drive(28 * DAY_S, 100))  # all of it is known
    assert len(await notes(database)) == 1
    async with database.write() as session:
        held = await session.value("SELECT assignment_id FROM device_assignments")
        await assignments.correct(session, "test", held, {"driver_id": "DRV-2"}, None)
    assert await notes(database) == [(2, device, None, None), (3, device, None, None)]
    await fleet.deliver(ingest, "A", drive(31 * DAY_S, 100))
    assert await notes(database) == [(2, device, None, None), (3, device, None, None)]


async def test_a_delivery_costs_no_statement_more_unless_history_is_scored(database: Database) -> None:
    ingest = await started(database)
    statements: list[str] = []
    database.observe(lambda sql, _: statements.append(sql))
    await fleet.deliver(ingest, "A", drive(13 * DAY_S, 100))
    usual = len(statements)
    assert not any("INSERT INTO rescored_devices" in sql for sql in statements)
    await pending(database, 2)
    statements.clear()
    await fleet.deliver(ingest, "A", drive(14 * DAY_S, 100))
    assert len(statements) == usual + 1
