"""An erased driver: nothing of the person is left, the sums are exact, and nothing that comes late changes that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from roadlens.domain import EventState, EventType
from roadlens.storage.database import Database
from roadlens.storage.writes import devices, drivers
from roadlens.storage.writes.audit import Actor
from roadlens.telemetry import assignments, reviews
from roadlens.telemetry.batch import Reason
from roadlens.telemetry.delivery import Ingest
from roadlens.telemetry.doctor import differences
from roadlens.telemetry.erasure import Erased, erase_driver
from roadlens.telemetry.reviews import Decision
from tests.support import fleet
from tests.support.fleet import NOON, drive

WHO = Actor("ada", 7, "192.0.2.7", "request-1")
HOUR = 3600

# Every column of every table that is a text, a number of JSON or a document: where a name could hide.
COLUMNS = """
SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    AND format_type(atttypid, atttypmod) IN ('text', 'jsonb', 'character varying(32)', 'date')
"""


# An id alone, which is nobody's then, stays as the name of a version: what workers keep under older ones is not found.
VERSIONS = "cache_tag.tag"


async def anywhere(database: Database, *words: str) -> list[tuple[str, str]]:
    """The columns in which one of the words stands, whatever the table."""
    async with database.read() as session:
        return [
            (f"{table}.{column}", word)
            for table, column in await session.tuples(COLUMNS)
            for word in words
            if f"{table}.{column}" != VERSIONS
            and await session.value(
                f"SELECT EXISTS (SELECT FROM {table} WHERE {column}::text ILIKE :word)", {"word": f"%{word}%"}
            )
        ]


async def erase(database: Database, driver_id: str) -> Erased:
    async def run(session: Any) -> Erased:
        return await erase_driver(session, WHO, driver_id)

    return await database.retrying(run)


@pytest.fixture
async def ingest(database: Database) -> Ingest:
    """Two drivers after each other on one device, a third on another: an hour each, from noon, one and two o'clock."""
    ingest = await fleet.open_ingest(database)
    await fleet.make_people(database, ["DRV-9001", "DRV-9002", "DRV-9003"], ("VEH-1", "VEH-2"))
    await fleet.make_devices(database, ["shared", "other"])
    async with database.write() as session:
        personal = {"first_name": "Zebulon", "last_name": "Quux", "email": "zeb@example.com", "city": "Omaha"}
        await drivers.change(session, "test", "DRV-9001", personal, None, lambda _: None)
        await session.execute(
            "UPDATE devices SET contact = 'Zebulon Quux', phone = '+15550199' WHERE unique_id = 'shared'"
        )
    change, later = NOON + timedelta(hours=1), NOON + timedelta(hours=3)
    await ingest.assign("shared", "DRV-9001", "VEH-1", valid_to=change, actor="test")
    await ingest.assign("shared", "DRV-9002", "VEH-1", valid_from=change, valid_to=later, actor="test")
    await ingest.assign("other", "DRV-9003", "VEH-2", actor="test")
    for hour in (0, 1, 2):
        await fleet.deliver(ingest, "shared", drive(hour * HOUR, 900))
        await fleet.deliver(ingest, "other", drive(hour * HOUR, 900))
    return ingest


async def positions(database: Database, unique_id: str = "shared") -> int:
    async with database.read() as session:
        return int(
            await session.value(
                "SELECT count(*) FROM positions JOIN devices USING (device_id) WHERE unique_id = :id", {"id": unique_id}
            )
        )


@pytest.mark.usefixtures("ingest")
async def test_nothing_of_the_person_is_left_and_the_sums_are_exact(database: Database) -> None:
    before = await positions(database)
    done = await erase(database, "DRV-9001")
    assert (done.trips, done.assignments) == (1, 1)
    assert 80 < done.positions == before - await positions(database)
    assert await anywhere(database, "DRV-9001", "Zebulon", "Quux", "zeb@", "5550199") == []
    assert await differences(database) == []
    rows = await fleet.rows(database)
    assert {trip["driver_id"] for trip in rows["trips"]} == {"DRV-9002", "DRV-9003"}
    assert len(rows["trips"]) == 5


async def test_what_was_noted_about_events_goes_too(database: Database, ingest: Ingest) -> None:
    alarm = drive(0, 900)[40]._replace(alarms=EventType.PHONE_USE.bit, digest=1)
    await fleet.deliver(ingest, "shared", [alarm])
    async with database.write() as session:
        event = await session.value("SELECT event_id FROM safety_events")
        note = Decision(EventState.DISMISSED, "Quux called an ambulance", keep_note=False)
        await reviews.review(session, "test", [event], note)
    assert await anywhere(database, "Quux called") == [
        ("audit_log.after", "Quux called"),
        ("event_reviews.note", "Quux called"),
    ]
    await erase(database, "DRV-9001")
    assert await anywhere(database, "DRV-9001", "Quux", str(event)) == []
    assert await differences(database) == []


@pytest.mark.usefixtures("ingest")
async def test_the_log_keeps_entries_without_values(database: Database) -> None:
    async with database.read() as session:
        count = int(await session.value("SELECT count(*) FROM audit_log"))
    done = await erase(database, "DRV-9001")
    async with database.read() as session:
        assert await session.value("SELECT count(*) FROM audit_log") == count + 1
        kept = await session.tuples(
            "SELECT action, entity, actor, before, after FROM audit_log WHERE entity_id = :name ORDER BY audit_id",
            {"name": done.erased_as},
        )
    assert [row[:3] for row in kept][-1] == ("erase", "driver", "ada")
    assert kept[-1][4] == {
        "trips": 1,
        "positions": done.positions,
        "assignments": 1,
        "audit_entries": done.audit_entries,
    }
    assert kept[0] == ("sql", "driver", kept[0][2], None, None)
    assert kept[1] == ("update", "driver", "test", None, None)


async def test_what_comes_late_or_again_brings_nobody_back(database: Database, ingest: Ingest) -> None:
    await erase(database, "DRV-9001")
    left, rows = await positions(database), await fleet.rows(database)
    again = await fleet.deliver(ingest, "shared", drive(0, 900), register=True)
    late = await fleet.deliver(ingest, "shared", drive(-30 * 86_400, 900), register=True)
    for outcome in (again, late):
        assert (outcome.kept, outcome.trips, outcome.registered) == (0, 0, {})
        assert outcome.dropped[Reason.NOT_KEPT] == len(drive(0, 900))
    assert (await positions(database), await fleet.rows(database)) == (left, rows)
    # Who had the device later still has all that it sends of that time, though the same batch has some of before.
    both = [*drive(0, 300), *drive(HOUR + 1800, 300)]
    outcome = await fleet.deliver(ingest, "shared", both)
    assert outcome.kept == len(both) // 2
    assert outcome.dropped[Reason.NOT_KEPT] == len(both) // 2
    assert [complaint.line for complaint in outcome.complaints] == list(range(1, len(both) // 2 + 1))
    assert outcome.trips == 1


async def test_a_device_of_an_erased_driver_is_heard_again_once_somebody_has_it(
    database: Database, ingest: Ingest
) -> None:
    """Its assignment had no end: the phone may still be in the person's pocket."""
    await erase(database, "DRV-9003")
    assert await positions(database, "other") == 0
    async with database.read() as session:
        now = await session.value("SELECT extract(epoch FROM now() - cast(:noon AS timestamptz))", {"noon": NOON})
    # Twenty minutes that begin now; a receiver's clock may be ahead by so much.
    outcome = await fleet.deliver(ingest, "other", drive(float(now) + 60, 1200), register=True)
    assert (outcome.kept, outcome.registered) == (0, {})
    await ingest.assign("other", "DRV-9002", "VEH-2", actor="test")
    outcome = await fleet.deliver(ingest, "other", drive(float(now) + 60, 1200))
    assert (outcome.kept, outcome.trips) == (len(drive(0, 1200)), 1)
    # What is older than the erasure stays forgotten, whoever is said to have had the device.
    assert (await fleet.deliver(ingest, "other", drive(0, 900))).kept == 0
    assert await differences(database) == []


@pytest.mark.usefixtures("ingest")
async def test_again_and_of_nobody(database: Database) -> None:
    await erase(database, "DRV-9001")
    async with database.read() as session:
        count = await session.value("SELECT count(*) FROM audit_log")
    for driver_id in ("DRV-9001", "DRV-7777"):
        assert await erase(database, driver_id) == Erased(erased_as=None)
    async with database.read() as session:
        assert await session.value("SELECT count(*) FROM audit_log") == count


async def test_who_was_deleted_before_is_erased_from_log_and_positions(database: Database, ingest: Ingest) -> None:
    async with database.write() as session:
        await assignments.remove_driver(session, "test", "DRV-9001", None)
    assert await anywhere(database, "DRV-9001", "Zebulon") != []
    before = await positions(database)
    # A part of that time is somebody else's by now, whose positions stay.
    half = NOON + timedelta(minutes=5)
    await ingest.assign("shared", "DRV-9003", "VEH-2", valid_to=half, actor="test")
    done = await erase(database, "DRV-9001")
    assert 0 < done.positions < 80
    assert done.positions == before - await positions(database)
    assert await anywhere(database, "DRV-9001", "Zebulon") == []
    assert await differences(database) == []


@pytest.mark.usefixtures("ingest")
async def test_vehicles_that_nobody_else_drove_are_named(database: Database) -> None:
    assert (await erase(database, "DRV-9001")).vehicles == []
    assert (await erase(database, "DRV-9003")).vehicles == ["VEH-2"]


async def test_what_the_log_says_of_a_device_that_somebody_else_has_now(database: Database, ingest: Ingest) -> None:
    """What was noted while the person had it goes; what was noted since is about who has it now."""
    await ingest.assign("shared", "DRV-9003", "VEH-2", valid_from=NOON + timedelta(hours=3), actor="test")
    async with database.write() as session:
        await devices.change(session, "test", "shared", {"name": "Phone of Zebulon", "contact": None}, None)
        await devices.change(session, "test", "shared", {"name": "Phone of Yolanda"}, None)
    assert await anywhere(database, "Yolanda") == [("audit_log.after", "Yolanda"), ("devices.name", "Yolanda")]
    await erase(database, "DRV-9001")
    assert await anywhere(database, "Zebulon") == []
    assert await anywhere(database, "Yolanda") == [("devices.name", "Yolanda")]
