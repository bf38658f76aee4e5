"""Devices: made once, named as they first called themselves, registered with people, held while they deliver."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from roadlens.storage.database import Database
from roadlens.storage.writes import devices
from roadlens.storage.writes.devices import DeviceClaim, Registered, UnassignedDevice
from tests.support import fleet
from tests.support.versions import PATIENCE_S, somebody_waits


async def test_a_device_is_made_once_and_keeps_its_name(database: Database) -> None:
    async with database.write() as session:
        made, _ = await devices.identify(session, [DeviceClaim("B", "van"), DeviceClaim("A")])
    async with database.write() as session:
        found, _ = await devices.identify(session, [DeviceClaim("B", "lorry"), DeviceClaim("C")])
        names = await session.tuples("SELECT unique_id, name FROM devices ORDER BY 1")
        locks = await session.value("SELECT count(*) FROM device_progress")
    assert found["B"] == made["B"]
    assert names == [("A", None), ("B", "van"), ("C", None)]
    assert locks == 3


async def test_two_deliveries_at_once_make_a_device_once(database: Database) -> None:
    async def identify() -> dict[str, int]:
        async with database.write() as session:
            return (await devices.identify(session, [DeviceClaim(name) for name in "ABC"]))[0]

    found = await asyncio.gather(*(identify() for _ in range(5)))
    assert all(each == found[0] for each in found)
    assert len(set(found[0].values())) == 3


async def test_a_held_device_waits_for_its_delivery(database: Database, database_url: str) -> None:
    """1. A delivery holds a device. 2. One of another device goes on, one of the same waits. 3. The first one ends."""
    await fleet.make_devices(database, ("A", "B"))
    order: list[str] = []
    held, gone_on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with database.write() as session:
            await devices.lock(session, [1])
            held.set()
            async with asyncio.timeout(PATIENCE_S):
                await gone_on.wait()
            async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as looking:
                await somebody_waits(looking)
            order.append("first")

    async def then(device_id: int, name: str) -> None:
        await held.wait()
        async with database.write() as session:
            await devices.lock(session, [device_id])
            order.append(name)

    async def another() -> None:
        await then(2, "another")
        gone_on.set()

    await asyncio.gather(first(), then(1, "the same"), another())
    assert order == ["another", "first", "the same"]


def unassigned(device_id: int, unique_id: str, **said: Any) -> UnassignedDevice:
    return UnassignedDevice(device_id, unique_id, None, None, None, None, None)._replace(**said)


@pytest.mark.parametrize(
    ("said", "person", "vehicle"),
    [
        ({}, ("Driver of", "A", None), ("A", None, None)),
        ({"name": "Van 7"}, ("Driver of", "Van 7", None), ("Van 7", None, None)),
        ({"contact": "Ada King Lovelace", "phone": "123"}, ("Ada King", "Lovelace", "123"), ("A", None, None)),
        ({"contact": " Ada "}, ("Driver of", "Ada", None), ("A", None, None)),
        ({"contact": "  ", "model": "T5", "category": "van"}, ("Driver of", "A", None), ("A", "T5", "van")),
    ],
)
async def test_people_are_made_of_what_a_device_says(
    database: Database, said: dict[str, str], person: tuple[str, str, str | None], vehicle: tuple[str, str, str | None]
) -> None:
    await fleet.make_devices(database, ("A",))
    async with database.write() as session:
        made = await devices.register(session, [unassigned(1, "A", **said)], "somebody")
        assert made == [Registered(1, "A", "DRV-0001", "VEH-0001", vehicle[2])]
        assert await session.tuples("SELECT first_name, last_name, phone FROM drivers") == [person]
        assert await session.tuples("SELECT name, model, category FROM vehicles") == [vehicle]
        assert await session.tuples("SELECT valid_from, valid_to FROM device_assignments") == [(None, None)]
        log = await session.tuples("SELECT actor, entity_id FROM audit_log WHERE action = 'register'")
        assert log == [("somebody", "A")]
        assert await devices.unassigned(session, [1]) == []


async def test_numbers_go_on_beyond_four_digits(database: Database) -> None:
    await fleet.make_devices(database, ("A", "B"))
    async with database.write() as session:
        await session.execute("SELECT setval('driver_number', 9998), setval('vehicle_number', 9998)")
        made = await devices.register(session, [unassigned(1, "A"), unassigned(2, "B")], "somebody")
    assert [each.driver_id for each in made] == ["DRV-9999", "DRV-10000"]
