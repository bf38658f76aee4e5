"""Deliveries on a real database: one transaction each, at once or one after the other, assigned before or after."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import pytest

from roadlens.domain import EventState, EventType
from roadlens.errors import Conflict, InvalidInput, NotFound
from roadlens.storage.database import Database
from roadlens.telemetry import reviews
from roadlens.telemetry.batch import Fix, Reason
from roadlens.telemetry.delivery import Ingest, Outcome
from roadlens.telemetry.doctor import differences
from roadlens.telemetry.reviews import Decision
from tests.support import fleet
from tests.support.fleet import NOON, drive, fix

DAY_S = 86_400
MONTH_S = 31 * DAY_S
BRAKING = EventType.HARSH_BRAKING.bit


def a_week(offset_s: float) -> list[Fix]:
    """Two drives a day, with alarms; the first crosses midnight."""
    fixes: list[Fix] = []
    for day in range(7):
        morning = drive(offset_s + day * DAY_S + 43_150, 120)
        morning[5] = morning[5]._replace(alarms=BRAKING)
        fixes += morning + drive(offset_s + day * DAY_S + 60_000, 90, 60)
    return fixes


async def count(database: Database, statement: str) -> int:
    async with database.read() as session:
        return int(await session.value(statement))


async def test_a_drive_becomes_a_trip_of_a_registered_driver(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    outcome = await fleet.deliver(ingest, "A", drive(0, 100))
    assert (outcome.kept, outcome.trips, outcome.registered) == (12, 1, {"A": "DRV-0001"})
    (trip,) = (await fleet.rows(database))["trips"]
    assert (trip["driver_id"], trip["vehicle_id"], trip["distance_m"]) == ("DRV-0001", "VEH-0001", 1000)


async def test_the_same_delivery_again_changes_nothing(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", a_week(0))
    once = await fleet.rows(database)
    outcome = await fleet.deliver(ingest, "A", a_week(0))
    assert (outcome.kept, outcome.trips, outcome.dropped) == (0, 0, {Reason.DUPLICATE: len(a_week(0))})
    assert await fleet.rows(database) == once


async def test_bad_positions_are_told_and_the_good_ones_beside_them_kept(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    bad = [fleet.fix(5, -1.0), fleet.fix(6, 10.0, latitude=91.0)]
    outcome = await fleet.deliver(ingest, "A", [*drive(0, 100), *bad])
    assert (outcome.kept, outcome.trips) == (12, 1)
    assert [(complaint.line, complaint.reason) for complaint in outcome.complaints] == [
        (13, Reason.SPEED),
        (14, Reason.COORDINATES),
    ]


async def test_nothing_is_stored_of_a_delivery_that_fails(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    async with database.write() as session:
        await session.execute("ALTER TABLE fleet_totals ADD CONSTRAINT none_may CHECK (trips < 1)")
    with pytest.raises(Exception, match="none_may"):
        await fleet.deliver(ingest, "A", drive(0, 100))
    assert await count(database, "SELECT (SELECT count(*) FROM positions) + (SELECT count(*) FROM devices)") == 0


async def test_positions_of_an_unknown_device_wait_for_its_assignment(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    outcome = await fleet.deliver(ingest, "A", a_week(0), register=False)
    assert (outcome.kept, outcome.trips, outcome.unassigned) == (len(a_week(0)), 0, {"A"})
    await fleet.make_people(database, ("DRV-1",))
    assert (await ingest.assign("A", "DRV-1", "VEH-1", actor="test")).trips == 14
    assert await count(database, "SELECT trips FROM driver_summary") == 14


async def test_an_assignment_of_some_days_makes_trips_of_these_days(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", a_week(0), register=False)
    await fleet.make_people(database, ("DRV-1", "DRV-2"))
    third, fifth = (NOON + timedelta(days=days) for days in (2, 4))
    assert (await ingest.assign("A", "DRV-1", "VEH-1", valid_from=third, valid_to=fifth, actor="test")).trips == 4
    assert (await ingest.assign("A", "DRV-2", "VEH-1", valid_from=fifth, actor="test")).trips == 6


async def test_a_device_without_positions_can_be_assigned(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.make_people(database, ("DRV-1",))
    await fleet.make_devices(database, ("A",))
    assert (await ingest.assign("A", "DRV-1", "VEH-1", actor="test")).trips == 0
    assert (await fleet.deliver(ingest, "A", drive(0, 100), register=False)).trips == 1


async def test_an_assignment_that_cannot_be_says_why(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.make_people(database, ("DRV-1",))
    await fleet.make_devices(database, ("A",))
    with pytest.raises(NotFound, match="No device 'B'"):
        await ingest.assign("B", "DRV-1", "VEH-1", actor="test")
    with pytest.raises(InvalidInput, match="no driver 'DRV-9'"):
        await ingest.assign("A", "DRV-9", "VEH-1", actor="test")
    await ingest.assign("A", "DRV-1", "VEH-1", valid_to=NOON, actor="test")
    with pytest.raises(Conflict, match="already assigned"):
        await ingest.assign("A", "DRV-1", "VEH-1", valid_from=NOON - timedelta(seconds=1), actor="test")


async def test_devices_registered_later_get_the_trips_of_all_they_sent(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", a_week(0), register=False)
    outcome = await fleet.deliver(ingest, "A", a_week(0)[-1:])
    assert (outcome.kept, outcome.trips, outcome.registered) == (0, 14, {"A": "DRV-0001"})


async def test_a_device_registered_beside_known_ones_gets_its_own_positions_only(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "M", drive(0, 100))
    sent = [("M", each) for each in drive(9000, 200)]
    sent += [(unique_id, each) for unique_id in ("Z", "B") for each in drive(5000, 300)]
    await ingest.deliver(fleet.batch(sent), register=True)
    async with database.read() as session:
        found = await session.tuples(
            "SELECT unique_id, distance_m FROM trips JOIN devices USING (device_id) ORDER BY 1, 2"
        )
    assert found == [("B", 3000), ("M", 1000), ("M", 2000), ("Z", 3000)]


async def test_a_reviewed_event_keeps_its_state_when_its_trip_is_cut_again(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    fixes = drive(0, 100)
    fixes[5] = fixes[5]._replace(alarms=BRAKING)
    await fleet.deliver(ingest, "A", fixes[2:])
    (event,) = (await fleet.rows(database))["safety_events"]
    async with database.write() as session:
        await reviews.review(session, "test", [UUID(event["event_id"])], Decision(EventState.COACHED))
    await fleet.deliver(ingest, "A", fixes[:2])
    found = await fleet.rows(database)
    assert [event["state"] for event in found["safety_events"]] == ["coached"]
    assert found["safety_events"][0]["trip_id"] == found["trips"][0]["trip_id"]


async def test_deliveries_at_once_give_the_rows_of_one_after_the_other(database: Database) -> None:
    """Six devices of three drivers; every connection delivers interleaved parts of all of them, some parts twice."""
    ingest = await fleet.open_ingest(database)
    devices = [f"DEV-{number}" for number in range(6)]
    await fleet.make_people(database, ("DRV-1", "DRV-2", "DRV-3"))
    await fleet.make_devices(database, devices)
    for number, unique_id in enumerate(devices):
        await ingest.assign(unique_id, f"DRV-{number % 3 + 1}", "VEH-1", actor="test")
    sent = [(unique_id, each) for number, unique_id in enumerate(devices) for each in a_week(number * 500)]
    await ingest.deliver(fleet.batch(sent))
    clean = await fleet.rows(database)
    await fleet.forget(database)

    parts, places = [sent[start::24] for start in range(24)], asyncio.Semaphore(fleet.AT_ONCE)

    async def deliver(part: list[tuple[str, Fix]]) -> Outcome:
        async with places:
            return await ingest.deliver(fleet.batch(part))

    outcomes = await asyncio.gather(*(deliver(part) for part in [*parts, *parts[::3]]))
    assert await fleet.rows(database) == clean
    assert sum(outcome.kept for outcome in outcomes) == len(sent)


async def test_two_devices_of_a_driver_come_one_after_the_other(database: Database) -> None:
    """1. Somebody holds the sums of days. 2. A delivery has computed the driver's score and waits there. 3. Another
    device's delivery of the day after would compute its score without that day: it waits at the driver instead."""
    ingest = await fleet.open_ingest(database)
    await fleet.make_people(database, ("DRV-1",))
    await fleet.make_devices(database, ("A", "B"))
    for unique_id in ("A", "B"):
        await ingest.assign(unique_id, "DRV-1", "VEH-1", actor="test")
    await fleet.deliver(ingest, "A", drive(-DAY_S, 300), register=False)  # so that the month is there
    async with database.write() as session:
        await session.execute("LOCK TABLE trip_day IN SHARE MODE")
        one = asyncio.create_task(fleet.deliver(ingest, "A", drive(0, 3000), register=False))
        await waiting(database, 1)
        other = asyncio.create_task(fleet.deliver(ingest, "B", drive(DAY_S, 3000), register=False))
        await waiting(database, 2)
    await asyncio.gather(one, other)
    assert await differences(database) == []


async def waiting(database: Database, transactions: int) -> None:
    """Until so many wait for a lock."""
    async with database.read() as looking:
        while await looking.value("SELECT count(*) FROM pg_locks WHERE NOT granted") < transactions:  # noqa: ASYNC110 - PostgreSQL has no event for it
            await asyncio.sleep(0.01)


async def test_deliveries_at_once_register_each_new_device_once(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    devices = [f"DEV-{number}" for number in range(8)]

    def part(number: int) -> Iterable[tuple[str, Fix]]:
        return [(unique_id, each) for unique_id in devices for each in a_week(number * 10)[number::16]]

    await asyncio.gather(*(ingest.deliver(fleet.batch(part(number)), register=True) for number in range(16)))
    assert await count(database, "SELECT count(*) FROM devices") == 8
    assert await count(database, "SELECT count(*) FROM device_assignments") == 8
    assert await count(database, "SELECT count(*) FROM drivers") == 8
    assert await count(database, "SELECT sum(drivers) FROM fleet_totals") == 8


async def test_new_months_need_no_second_connection(database_url: str) -> None:
    """Were a partition made on a connection of its own, deliveries that hold all of them would wait for each other."""
    small = Database.open(database_url, pool_size=2, max_connections=2)
    ingest = await fleet.open_ingest(small)
    deliveries = (fleet.deliver(ingest, f"DEV-{number}", drive(-number * MONTH_S, 100)) for number in range(6))
    outcomes = await asyncio.gather(*deliveries)
    assert [outcome.trips for outcome in outcomes] == [1] * 6
    await small.close()


async def test_an_id_that_somebody_chooses_meanwhile_is_left_to_them(database: Database) -> None:
    """1. A driver DRV-0001 is made by hand, not yet committed. 2. A registration draws DRV-0001, for it sees none, and
    waits at the key. 3. The driver is committed: the registration draws another one."""
    ingest = await fleet.open_ingest(database)
    async with database.write() as session:
        await session.execute("INSERT INTO drivers (driver_id, first_name, last_name) VALUES ('DRV-0001', 'A', 'B')")
        delivery = asyncio.create_task(fleet.deliver(ingest, "A", drive(0, 100)))
        await waiting(database, 1)
    assert (await delivery).registered == {"A": "DRV-0002"}


@pytest.mark.parametrize("column", ["speed_kmh", "latitude", "longitude"])
async def test_positions_that_somebody_has_damaged_do_not_count_when_a_trip_is_cut_again(
    database: Database, column: str
) -> None:
    """Then the trip is that of the other positions; one unknown number would make all of its numbers unknown."""
    ingest = await fleet.open_ingest(database)
    fixes = drive(0, 100, every=2)
    await fleet.deliver(ingest, "whole", [*fixes[:20], *fixes[21:]])
    await fleet.deliver(ingest, "damaged", fixes)
    async with database.write() as session:
        damaged = f"UPDATE positions SET {column} = 'NaN' FROM devices WHERE devices.device_id = positions.device_id "
        await session.execute(
            damaged + "AND unique_id = 'damaged' AND fix_time = :at", {"at": NOON + timedelta(seconds=40)}
        )
    afresh = await Ingest.open(database)
    await fleet.deliver(afresh, "damaged", [fix(1000)])
    found = [
        {name: value for name, value in trip.items() if not name.endswith("_id")}
        for trip in (await fleet.rows(database))["trips"]
    ]
    assert len(found) == 2
    assert found[0] == found[1]
    assert await differences(database) == []
