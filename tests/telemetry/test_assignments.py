"""Edits beside deliveries: neither waits for ever, and afterwards every row is what the positions and assignments say."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

from roadlens.errors import RoadlensError
from roadlens.storage.database import Database
from roadlens.storage.writes import drivers
from roadlens.storage.writes.edits import Who
from roadlens.telemetry import assignments
from roadlens.telemetry.doctor import differences
from tests.support import fleet
from tests.support.fleet import NOON, drive

DAY_S = 86_400
EDITOR: Who = "test"


async def test_edits_and_deliveries_at_once_leave_exact_rows(database: Database) -> None:
    """Six devices of four drivers are delivered from many connections, in parts and some twice, while assignments are
    corrected, ended and deleted, drivers removed, and devices given to others. Then nothing differs, and cutting
    everything again changes nothing."""
    ingest = await fleet.open_ingest(database)
    devices = [f"DEV-{number}" for number in range(6)]
    people = [f"DRV-{number}" for number in range(4)]
    await fleet.make_people(database, people, ("VEH-1", "VEH-2"))
    await fleet.make_devices(database, devices)
    for number, unique_id in enumerate(devices):
        await ingest.assign(unique_id, people[number % 4], "VEH-1", actor="test")
    sent = [
        (unique_id, each)
        for number, unique_id in enumerate(devices)
        for day in range(6)
        for each in drive(number * 700 + day * DAY_S, 200)
    ]
    parts = [sent[start::30] for start in range(30)]
    chance = random.Random(7)

    async def deliver(part: list[tuple[str, fleet.Fix]]) -> None:
        await asyncio.sleep(chance.random() * 2)
        await ingest.deliver(fleet.batch(part), register=True)

    async def edit(number: int) -> str:
        await asyncio.sleep(chance.random() * 2)
        unique_id, driver = chance.choice(devices), chance.choice(people)
        begin = NOON + timedelta(days=chance.randrange(6))
        async with database.write() as session:
            held = await session.tuples("SELECT assignment_id FROM device_assignments ORDER BY random() LIMIT 1")
        try:
            async with database.write() as session:
                match number % 4:
                    case 0:
                        values = {"driver_id": driver, "vehicle_id": "VEH-2", "valid_from": begin, "valid_to": None}
                        await assignments.assign(session, EDITOR, unique_id, values)
                    case 1 if held:
                        await assignments.correct(session, EDITOR, held[0][0], {"valid_to": begin}, None)
                    case 2 if held:
                        await assignments.correct(session, EDITOR, held[0][0], {"driver_id": driver}, None)
                    case 3 if number % 3 == 0:
                        await assignments.remove_driver(session, EDITOR, driver, None)
                    case 3 if held:
                        await assignments.remove(session, EDITOR, held[0][0], None)
        except RoadlensError as error:
            return error.code
        return "done"

    async def change(driver: str) -> None:
        """What an administrator fills in waits for no delivery."""
        for city in ("Lund", "Malmö"):
            await asyncio.sleep(chance.random())
            try:
                async with database.write() as session:
                    await drivers.change(session, EDITOR, driver, {"city": city}, None, lambda _: None)
            except RoadlensError:
                return

    edits = [edit(number) for number in range(40)]
    async with asyncio.timeout(120):
        told = await asyncio.gather(
            *edits, *(deliver(part) for part in [*parts, *parts[::4]]), *(change(driver) for driver in people)
        )
    assert told.count("done") >= 10
    assert await differences(database) == []
    stored = await fleet.rows(database)
    await cut_everything_again(database)
    assert await fleet.rows(database) == stored


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
