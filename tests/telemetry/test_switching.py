"""Switching to another version: everything is as it would be had that one always scored, whatever came meanwhile."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from roadlens.domain import EventState, EventType
from roadlens.errors import Conflict, NotFound, Overloaded
from roadlens.storage.database import Database
from roadlens.storage.writes import barrier
from roadlens.telemetry import assignments
from roadlens.telemetry.assignments import cut_all_again
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.delivery import Ingest
from roadlens.telemetry.doctor import differences
from roadlens.telemetry.erasure import erase_driver
from roadlens.telemetry.reviews import Decision, review
from roadlens.telemetry.switching import forget, switch
from tests.support import fleet
from tests.support.fleet import NOON, drive
from tests.support.score_versions import add_version, rebuild
from tests.support.versions import current

DAY_S = 86_400
DEVICES = ("A", "B", "C")
PEOPLE = ("DRV-1", "DRV-2")
ALARM = EventType.HARSH_BRAKING.bit
# Another score of every trip and driver that has an event, and other hours of night.
OTHER = {"trip_harsh_braking": 20.0, "risk_harsh_braking": 30.0, "risk_phone_use": 8.0, "night_from_hour": 12.0}
BESIDE = ("rescored_trips", "rescored_events", "rescored_risk", "rescored_devices", "rescored_chunks")


def day_of(device: int, day: int) -> list[Fix]:
    """Some kilometres with a braking."""
    fixes = drive(device * 600 + day * DAY_S, 2000, 80)
    fixes[50] = fixes[50]._replace(alarms=ALARM)
    return fixes


async def started(database: Database, days: int = 5) -> Ingest:
    """Three devices of two drivers, who have driven, and a version 2 that scores nothing yet."""
    ingest = await fleet.open_ingest(database)
    await fleet.make_people(database, PEOPLE)
    await fleet.make_devices(database, DEVICES)
    for number, device in enumerate(DEVICES):
        await ingest.assign(device, PEOPLE[number % 2], "VEH-1", actor="test")
        for day in range(days):
            await fleet.deliver(ingest, device, day_of(number, day))
    await add_version(database, 2, **OTHER)
    return ingest


async def asked(database: Database, statement: str) -> list[tuple[Any, ...]]:
    async with database.read() as session:
        return await session.tuples(statement)


async def holds(database: Database, version: int) -> None:
    """All is of the version, no sum differs, and cutting everything again changes nothing."""
    assert await differences(database) == []
    assert await asked(database, "SELECT DISTINCT score_version FROM trips") == [(version,)]
    assert await asked(database, "SELECT DISTINCT score_version FROM risk_scores") == [(version,)]
    async with database.write() as session:
        devices = [device for (device,) in await session.tuples("SELECT device_id FROM devices ORDER BY 1")]
        changes = await cut_all_again(session, devices)
    assert not changes, changes
    assert await differences(database) == []


async def beside(database: Database) -> Sequence[int]:
    statement = ", ".join(f"(SELECT count(*) FROM {table})" for table in BESIDE)
    ((*counts,),) = await asked(database, f"SELECT {statement}")
    return counts


async def test_all_history_is_of_the_other_version(database: Database) -> None:
    await started(database)
    before = await fleet.rows(database)
    await rebuild(database, 2)
    assert await fleet.rows(database) == before
    tag = await current(database, "score_versions")
    done = await switch(database, 2, actor="test")
    assert done == (1, 15, 0, 0)
    after = await fleet.rows(database)
    for table in ("trips", "driver_day", "risk_scores", "trip_day", "risk_histogram"):
        assert after[table] != before[table], table
    assert after["fleet_totals"] == before["fleet_totals"]
    assert await current(database, "score_versions") != tag
    assert sum(await beside(database)) == 0
    await holds(database, 2)
    noted = await asked(database, "SELECT action, entity, entity_id, before, after FROM audit_log ORDER BY 1 DESC")
    assert ("switch", "score_version", "2", {"active": 1}) in [row[:4] for row in noted]


async def test_what_comes_and_changes_meanwhile_is_of_the_other_version_too(database: Database) -> None:
    ingest = await started(database)
    await rebuild(database, 2)
    await fleet.deliver(ingest, "A", day_of(0, 9))
    late = day_of(1, 2)[10:12]
    await fleet.deliver(ingest, "B", [each._replace(fix_time=each.fix_time + 5_000_000, alarms=ALARM) for each in late])
    async with database.write() as session:
        statement = "SELECT assignment_id FROM device_assignments JOIN devices USING (device_id) WHERE unique_id = 'C'"
        held = await session.value(statement)
        await assignments.correct(session, "test", held, {"driver_id": "DRV-2"}, None)
    done = await switch(database, 2, actor="test")
    assert done.devices == 3
    await holds(database, 2)


async def test_what_is_decided_about_events_holds_in_the_other_version(database: Database) -> None:
    """One event is dismissed before history is scored, one after; the first is taken back beside the switch."""
    await started(database)
    first, second = await events_of(database, "A")
    await decide(database, first, EventState.DISMISSED)
    await rebuild(database, 2)
    assert await asked(database, "SELECT count(*) FROM rescored_events WHERE state = 'dismissed'") == [(1,)]
    await decide(database, second, EventState.DISMISSED)
    assert len(await asked(database, "SELECT FROM rescored_devices")) == 1
    async with database.write() as session:
        await barrier.close(session, 30)
        later = asyncio.create_task(decide(database, first, EventState.COACHED))
        await asyncio.sleep(0.1)
        assert not later.done()
    await asyncio.gather(later, switch(database, 2, actor="test"))
    await holds(database, 2)
    states = "SELECT state, count(*) FROM safety_events GROUP BY 1 ORDER BY 1"
    assert await asked(database, states) == [("coached", 1), ("dismissed", 1), ("needs_review", 13)]


async def events_of(database: Database, device: str) -> list[UUID]:
    """Its two oldest events."""
    found = await asked(
        database,
        "SELECT event_id FROM safety_events JOIN trips USING (trip_id) JOIN devices USING (device_id) "
        f"WHERE unique_id = '{device}' ORDER BY event_id LIMIT 2",
    )
    return [event for (event,) in found]


async def decide(database: Database, event: UUID, state: EventState) -> None:
    async with database.write() as session:
        await review(session, "test", [event], Decision(state))


async def test_a_trip_without_positions_keeps_its_events(database: Database) -> None:
    """Its device has sent more since: what was made of it stands, and has a score by the other version."""
    ingest = await started(database)
    await rebuild(database, 2)
    await fleet.deliver(ingest, "A", day_of(0, 9))
    async with database.write() as session:
        moment = NOON + timedelta(days=2, hours=-6)
        await session.execute("UPDATE installation SET positions_from = :moment", {"moment": moment})
    done = await switch(database, 2, actor="test")
    assert (done.trips, done.kept) == (13, 3)
    await holds(database, 2)


async def test_another_device_of_a_day_keeps_its_scores(database: Database) -> None:
    """A driver of whom one device has sent more is scored over all that is there."""
    ingest = await started(database)
    await rebuild(database, 2)
    await fleet.deliver(ingest, "C", day_of(7, 3))
    await switch(database, 2, actor="test")
    await holds(database, 2)


async def test_switching_back_goes_the_same_way(database: Database) -> None:
    await started(database)
    before = await fleet.rows(database)
    await rebuild(database, 2)
    await switch(database, 2, actor="test")
    with pytest.raises(Conflict, match="Version 1 is retired: history has not been scored by it to the end"):
        await switch(database, 1, actor="test")
    async with database.write() as session:
        await session.execute("DELETE FROM score_rebuilds WHERE score_version = 1")
    await rebuild(database, 1)
    await switch(database, 1, actor="test")
    assert await fleet.rows(database) == before


async def test_what_cannot_be_switched_to(database: Database) -> None:
    await started(database, days=1)
    with pytest.raises(NotFound):
        await switch(database, 9, actor="test")
    with pytest.raises(Conflict, match="Version 1 is the active one already"):
        await switch(database, 1, actor="test")
    with pytest.raises(Conflict, match="Version 2 is a draft: history has not been scored by it to the end"):
        await switch(database, 2, actor="test")
    await rebuild(database, 2)
    async with database.write() as session:
        await session.execute("UPDATE score_rebuilds SET state = 'rating'")
    with pytest.raises(Conflict, match="Version 2 is half rebuilt: history has not"):
        await switch(database, 2, actor="test")


async def test_two_switches_at_once_are_one(database: Database) -> None:
    await started(database)
    await rebuild(database, 2)
    told = await asyncio.gather(*(switch(database, 2, actor="test") for _ in range(3)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in told) == ["Conflict", "Conflict", "Switched"]
    await holds(database, 2)


async def test_it_gives_up_behind_somebody_who_goes_on_writing(database: Database) -> None:
    await started(database, days=1)
    await rebuild(database, 2)
    before = await fleet.rows(database)
    async with database.write() as session:
        await barrier.enter(session)
        with pytest.raises(Overloaded, match="roadlens test"):
            await switch(database, 2, actor="test", patience_s=(0.05, 0.05), pause_s=0.01)
        with pytest.raises(Overloaded, match="roadlens test"):
            await forget(database, 2, actor="test", patience_s=(0.05,), pause_s=0.01)
    assert await fleet.rows(database) == before
    await switch(database, 2, actor="test")


async def test_a_version_that_will_not_be_switched_to_is_forgotten(database: Database) -> None:
    ingest = await started(database)
    await rebuild(database, 2)
    await fleet.deliver(ingest, "A", day_of(0, 9))
    assert min((await beside(database))[:4]) > 0
    assert await forget(database, 2, actor="test") == 15
    assert sum(await beside(database)) == 0
    await fleet.deliver(ingest, "A", day_of(0, 10))
    assert sum(await beside(database)) == 0
    with pytest.raises(Conflict, match="Version 2 is a draft: there is nothing"):
        await forget(database, 2, actor="test")
    with pytest.raises(Conflict, match="Version 1 is the active one: there is nothing"):
        await forget(database, 1, actor="test")


async def test_who_is_removed_or_erased_is_not_kept_beside_what_is_live(database: Database) -> None:
    await started(database)
    await rebuild(database, 2)
    async with database.write() as session:
        await assignments.remove_driver(session, "test", "DRV-1", None)
    async with database.write() as session:
        await erase_driver(session, "test", "DRV-2")
    assert (await beside(database))[:3] == [0, 0, 0]
    await switch(database, 2, actor="test")
    assert await differences(database) == []


async def test_deliveries_and_edits_beside_a_switch_lose_nothing(database: Database) -> None:
    """Many at once, before, while and after all of history is exchanged: each of them succeeds."""
    ingest = await started(database)
    await rebuild(database, 2)
    chance = random.Random(7)
    sent = [
        (device, each) for number, device in enumerate(DEVICES) for day in (1, 6, 7, 8) for each in day_of(number, day)
    ]
    parts = [sent[start::20] for start in range(20)]
    places = asyncio.Semaphore(fleet.AT_ONCE)

    async def deliver(part: list[tuple[str, Fix]]) -> None:
        await asyncio.sleep(chance.random())
        async with places:
            await ingest.deliver(fleet.batch(part))

    async def hand_over() -> None:
        await asyncio.sleep(chance.random())
        async with places, database.write() as session:
            held = await session.value("SELECT assignment_id FROM device_assignments ORDER BY random() LIMIT 1")
            await assignments.correct(session, "test", held, {"driver_id": chance.choice(PEOPLE)}, None)

    async def switch_later() -> None:
        await asyncio.sleep(0.4)
        await switch(database, 2, actor="test")

    async with asyncio.timeout(120):
        await asyncio.gather(switch_later(), *(deliver(part) for part in parts), *(hand_over() for _ in range(6)))
    stored = await asked(database, "SELECT count(*) FROM positions")
    assert stored == [(len({(device, each.fix_time) for device, each in sent} | known()),)]
    await holds(database, 2)


def known() -> set[tuple[str, int]]:
    """What was delivered before."""
    return {
        (device, each.fix_time)
        for number, device in enumerate(DEVICES)
        for day in range(5)
        for each in day_of(number, day)
    }
