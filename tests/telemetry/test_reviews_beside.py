"""A decision about events beside those who write their trips."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from roadlens.storage.database import Database
from roadlens.storage.writes import devices
from roadlens.telemetry import assignments
from roadlens.telemetry.delivery import Ingest
from roadlens.telemetry.doctor import differences
from tests.support import fleet
from tests.support.fleet import NOON
from tests.telemetry.test_reviews import DISMISSED, UNDECIDED, alarmed, decide, events

PATIENCE_S = 120.0
BLOCKED = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0
"""


async def blocked_or_done(database: Database, task: asyncio.Task[Any]) -> None:
    """Until the task has ended, or waits for a lock that somebody else has."""
    async with asyncio.timeout(PATIENCE_S):
        while not task.done():
            async with database.read() as looking:
                if await looking.value(BLOCKED):
                    return
            await asyncio.sleep(0.01)


async def two_alarms(database: Database, ingest: Ingest) -> tuple[dict[str, int], Sequence[str]]:
    """Of device A, which is assigned by assignment 1, and of device B: their numbers, and both events."""
    await fleet.make_people(database, ["DRV-1"], ["VEH-1"])
    await fleet.make_devices(database, ["A"])
    await ingest.assign("A", "DRV-1", "VEH-1", actor="test")
    await fleet.deliver(ingest, "A", alarmed(0, 50))
    await fleet.deliver(ingest, "B", alarmed(100, 50))
    async with database.read() as session:
        numbers = dict(await session.tuples("SELECT unique_id, device_id FROM devices"))
    return numbers, [event["event_id"] for event in await events(database)]


async def driven_from(database: Database, moment: datetime | None) -> None:
    """Device A is somebody's from then on alone: trips before are nobody's, and so no trips."""
    async with database.write() as session:
        await assignments.correct(session, "test", 1, {"valid_from": moment}, None)


async def test_an_event_that_comes_back_is_not_decided_about_before_its_device_is_held(
    database: Database, ingest: Ingest
) -> None:
    """1. An event of A is away. 2. A review of it and of one of B's finds B alone, and waits for B. 3. The event comes
    back, and somebody goes on to write A's trips. 4. The review gets B, sees the event, and waits for A."""
    numbers, both = await two_alarms(database, ingest)
    await driven_from(database, NOON + timedelta(days=1))
    assert len(await events(database)) == 1
    async with database.write() as writing_a:
        async with database.write() as writing_b:
            await devices.lock(writing_b, [numbers["B"]])
            deciding = asyncio.create_task(decide(database, DISMISSED, *both))
            await blocked_or_done(database, deciding)
            await driven_from(database, None)
            await devices.lock(writing_a, [numbers["A"]])
        await blocked_or_done(database, deciding)
        assert not deciding.done(), "it has decided about an event whose device somebody else holds"
        async with database.write() as third:
            other = {"device": numbers["B"]}
            await third.execute("SELECT FROM device_progress WHERE device_id = :device FOR UPDATE NOWAIT", other)
    assert [outcome.said[0][0] for outcome in await deciding] == ["dismissed"] * 2
    assert [event["state"] for event in await events(database)] == ["dismissed"] * 2
    assert await differences(database) == []


async def test_where_nothing_comes_back_its_devices_and_events_are_looked_for_once(
    database: Database, ingest: Ingest
) -> None:
    _, both = await two_alarms(database, ingest)
    await decide(database, DISMISSED, *both)
    seen: list[str] = []
    database.observe(lambda statement, _seconds: seen.append(statement))
    await decide(database, UNDECIDED, *both)
    assert sum("SELECT DISTINCT device_id FROM safety_events" in statement for statement in seen) == 1
    assert sum("FOR UPDATE OF device_progress" in statement for statement in seen) == 1
    assert len(seen) <= 20
