"""Edits beside deliveries: neither waits for ever, and then every row is what the positions and assignments say."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from roadlens.domain import EventState, EventType
from roadlens.errors import RoadlensError
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.writes import drivers
from roadlens.storage.writes.audit import Who
from roadlens.telemetry import assignments, reviews
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.doctor import differences
from roadlens.telemetry.erasure import erase_driver
from roadlens.telemetry.reviews import Decision
from tests.support import fleet
from tests.support.fleet import NOON, drive

DAY_S = 86_400
EDITOR: Who = "test"
DEVICES = [f"DEV-{number}" for number in range(6)]
PEOPLE = [f"DRV-{number}" for number in range(4)]


class Office:
    """Somebody who changes assignments at random, while deliveries come in."""

    def __init__(self, database: Database, chance: random.Random) -> None:
        self.database = database
        self.chance = chance
        self.places = asyncio.Semaphore(fleet.AT_ONCE)

    async def later(self, edit: Callable[[WriteSession], Awaitable[object]]) -> str:
        """Do it at some moment; returns what became of it."""
        await asyncio.sleep(self.chance.random() * 2)
        try:
            async with self.places, self.database.write() as session:
                await edit(session)
        except RoadlensError as error:
            return error.code
        return "done"

    async def assign(self, session: WriteSession) -> None:
        span = {"valid_from": self.some_day(), "valid_to": None}
        whom = {"driver_id": self.chance.choice(PEOPLE), "vehicle_id": "VEH-2"}
        await assignments.assign(session, EDITOR, self.chance.choice(DEVICES), whom | span)

    async def end(self, session: WriteSession) -> None:
        await assignments.correct(session, EDITOR, await self.held(session), {"valid_to": self.some_day()}, None)

    async def hand_over(self, session: WriteSession) -> None:
        whom = {"driver_id": self.chance.choice(PEOPLE)}
        await assignments.correct(session, EDITOR, await self.held(session), whom, None)

    async def delete(self, session: WriteSession) -> None:
        await assignments.remove(session, EDITOR, await self.held(session), None)

    async def dismiss(self, session: WriteSession) -> None:
        await assignments.remove_driver(session, EDITOR, self.chance.choice(PEOPLE), None)

    async def forget(self, session: WriteSession) -> None:
        await erase_driver(session, EDITOR, self.chance.choice(PEOPLE))

    async def rename(self, session: WriteSession) -> None:
        city = {"city": str(self.chance.random())}
        await drivers.change(session, EDITOR, self.chance.choice(PEOPLE), city, None, lambda _: None)

    async def decide(self, session: WriteSession) -> None:
        """About two events, or about what has just gone."""
        found = await session.tuples("SELECT event_id FROM safety_events ORDER BY random() LIMIT 2")
        decision = Decision(self.chance.choice([EventState.COACHED, EventState.DISMISSED, EventState.DISMISSED]))
        await reviews.review(session, EDITOR, [event_id for (event_id,) in found], decision)

    async def held(self, session: WriteSession) -> int:
        found = await session.value("SELECT assignment_id FROM device_assignments ORDER BY random() LIMIT 1")
        return int(found or 0)

    def some_day(self) -> datetime:
        return NOON + timedelta(days=self.chance.randrange(6))


async def test_edits_and_deliveries_at_once_leave_exact_rows(database: Database) -> None:
    """Six devices of four drivers are delivered in parts, some of them twice, while assignments are made, ended, handed
    over and deleted, events decided about, and drivers removed and erased. Then nothing differs, and cutting all again
    changes nothing."""
    ingest = await fleet.open_ingest(database)
    await fleet.make_people(database, PEOPLE, ("VEH-1", "VEH-2"))
    await fleet.make_devices(database, DEVICES)
    for number, unique_id in enumerate(DEVICES):
        await ingest.assign(unique_id, PEOPLE[number % 4], "VEH-1", actor="test")
    drives = [(number, alarmed(number * 700 + day * DAY_S)) for number in range(6) for day in range(6)]
    sent = [(DEVICES[number], each) for number, fixes in drives for each in fixes]
    parts = [sent[start::30] for start in range(30)]
    chance = random.Random(7)
    office = Office(database, chance)

    async def deliver(part: list[tuple[str, Fix]]) -> None:
        await asyncio.sleep(chance.random() * 2)
        async with office.places:
            await ingest.deliver(fleet.batch(part), register=True)

    day = [office.assign, office.end, office.hand_over, office.delete, office.rename, office.decide] * 14
    day += [office.dismiss, office.forget] * 2 + [office.decide] * 10
    async with asyncio.timeout(120):
        deliveries = asyncio.gather(*(deliver(part) for part in [*parts, *parts[::4]]))
        told = await asyncio.gather(*(office.later(edit) for edit in day))
        await deliveries
    assert told.count("done") >= 10
    assert await differences(database) == []
    async with database.read() as session:
        assert await session.value("SELECT count(*) FROM audit_log WHERE entity = 'review'") > 0
    stored = await fleet.rows(database)
    await cut_everything_again(database)
    assert await fleet.rows(database) == stored


def alarmed(start: float) -> list[Fix]:
    """A drive with two alarms."""
    fixes = drive(start, 200)
    for place in (5, 12):
        fixes[place] = fixes[place]._replace(alarms=EventType.HARSH_BRAKING.bit)
    return fixes


async def cut_everything_again(database: Database) -> None:
    """Touch each assignment so that its device's trips are cut anew."""
    async with database.read() as session:
        held = await session.tuples("SELECT assignment_id, vehicle_id FROM device_assignments ORDER BY assignment_id")
    for assignment_id, vehicle_id in held:
        other = "VEH-1" if vehicle_id == "VEH-2" else "VEH-2"
        if not vehicle_id.startswith("VEH-0"):
            for each in (other, vehicle_id):
                async with database.write() as session:
                    await assignments.correct(session, EDITOR, assignment_id, {"vehicle_id": each}, None)


async def test_two_who_remove_the_same_driver(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", drive(0, 300))

    async def remove() -> str:
        try:
            async with database.write() as session:
                await assignments.remove_driver(session, EDITOR, "DRV-0001", None)
        except RoadlensError as error:
            return error.code
        return "done"

    assert sorted(await asyncio.gather(*(remove() for _ in range(4)))) == ["done", *["not-found"] * 3]
    assert await differences(database) == []
