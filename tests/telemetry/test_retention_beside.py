"""Retention beside everybody else: who uses positions, other retentions, deliveries and edits, servers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from roadlens.errors import Overloaded
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.writes import positions
from roadlens.telemetry import assignments, retention
from roadlens.telemetry.batch import Fix, Reason
from roadlens.telemetry.delivery import Ingest
from roadlens.telemetry.doctor import differences
from roadlens.telemetry.retention import Retention
from tests.support import fleet
from tests.support.api import open_api
from tests.support.fleet import NOON, drive
from tests.support.gate import gate
from tests.support.months import boundary, kept_from, moved, stored
from tests.telemetry.test_retention import DAYS, EDITOR, retain

AT_ONCE = (0.05,)
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'positions'::regclass"


@asynccontextmanager
async def using_positions(database: Database) -> AsyncIterator[WriteSession]:
    """A delivery that has judged its positions and is not through, on a connection of its own."""
    async with database.write() as session:
        await positions.hold(session)
        yield session


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database.open(url)
    try:
        yield database
    finally:
        await database.close()


async def test_while_positions_are_used_none_are_dropped_and_it_says_by_whom(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", drive(0, 100))
    async with using_positions(database):
        with pytest.raises(Overloaded, match=r"in use \(roadlens test, process \d+, for \d+ s\): none were dropped"):
            await retention.retain(database, DAYS, actor="test", patience_s=AT_ONCE, pause_s=0)
    assert (await stored(database), await kept_from(database)) == (12, None)
    assert len((await retain(database)).dropped) == 1


async def test_a_delivery_that_has_judged_old_positions_can_store_them(database: Database, database_url: str) -> None:
    """1. A delivery finds its positions young enough. 2. Retention would drop their month. 3. They are stored."""
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", drive(0, 100))
    async with gate(database_url, b"LEFT JOIN devices ON unique_id") as (held, through), opened(through) as other:
        delivery = asyncio.create_task(fleet.deliver(await Ingest.open(other), "A", drive(1000, 100)))
        await held.reached.wait()
        with pytest.raises(Overloaded):
            await retention.retain(database, DAYS, actor="test", patience_s=AT_ONCE, pause_s=0)
        held.opened.set()
        assert (await delivery).kept == 12
    assert (await retain(database)).positions == 24


async def test_an_assignment_cuts_all_that_it_has_found_to_be_kept(database: Database, database_url: str) -> None:
    """1. An assignment finds that all is kept. 2. Retention would drop it. 3. Its trips are cut, not taken away."""
    ingest = await fleet.open_ingest(database)
    await fleet.make_people(database, ("DRV-9",))
    await fleet.deliver(ingest, "A", drive(0, 100))
    async with gate(database_url, b"string_agg") as (held, through), opened(through) as other:

        async def hand_over() -> None:
            async with other.write() as session:
                await assignments.correct(session, EDITOR, 1, {"driver_id": "DRV-9"}, None)

        edit = asyncio.create_task(hand_over())
        await held.reached.wait()
        with pytest.raises(Overloaded):
            await retention.retain(database, DAYS, actor="test", patience_s=AT_ONCE, pause_s=0)
        held.opened.set()
        await edit
    assert [trip["driver_id"] for trip in (await fleet.rows(database))["trips"]] == ["DRV-9"]
    await retain(database)
    assert await differences(database) == []


async def test_two_at_once_are_one(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", drive(0, 100))
    async with database.write() as session:
        await session.value("SELECT pg_advisory_xact_lock(hashtext('roadlens retention'))")
        assert await retention.retain(database, DAYS, actor="test") is None
    found = await asyncio.gather(*(retention.retain(database, DAYS, actor="test", pause_s=0.05) for _ in range(4)))
    async with database.read() as session:
        assert await session.value("SELECT count(*) FROM audit_log WHERE action = 'drop'") == 1
    assert any(done is not None and done.dropped for done in found)


async def test_a_month_made_while_others_are_counted_goes_too(database: Database) -> None:
    """1. The months are counted. 2. A delivery makes another old one. 3. What is counted is not what is there."""
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", drive(0, 100))
    async with using_positions(database):
        task = asyncio.create_task(retain(database))
        await _until_waiting(database)
        await fleet.deliver(ingest, "A", moved(drive(0, 200), NOON - timedelta(days=60)))
    assert sorted(old.positions for old in (await task).dropped) == [12, 22]
    assert await stored(database) == 0


async def test_deliveries_edits_and_retention_at_once_leave_exact_rows(database: Database) -> None:
    """Devices' drives of old and kept months come in shuffled, partly twice; assignments move; months are dropped again
    and again. Nobody fails, nothing old is left, and cutting again what is kept changes nothing."""
    ingest = await fleet.open_ingest(database)
    people, devices = [f"DRV-{number}" for number in range(3)], [f"DEV-{number}" for number in range(4)]
    await fleet.make_people(database, people, ("VEH-1", "VEH-2"))
    await fleet.make_devices(database, devices)
    for number, unique_id in enumerate(devices):
        await ingest.assign(unique_id, people[number % 3], "VEH-1", actor="test")
    first = await boundary(database)
    begins = [first + timedelta(minutes=minutes) for minutes in (-90_000, -50_000, -1440, -5, 600, 1440)]
    sent = [(unique_id, each) for unique_id in devices for begin in begins for each in moved(drive(0, 600), begin)]
    chance = random.Random(5)
    parts = [sent[start::36] for start in range(36)]
    half_way = asyncio.Event()

    async def deliver(mine: list[list[tuple[str, Fix]]]) -> int:
        refused = 0
        for number, part in enumerate(mine):
            outcome = await ingest.deliver(fleet.batch(part))
            assert set(outcome.dropped) <= {Reason.NOT_KEPT, Reason.DUPLICATE}
            refused += outcome.dropped[Reason.NOT_KEPT]
            if number == len(mine) // 2:
                half_way.set()
        return refused

    async def hand_over(assignment: int) -> None:
        for _ in range(6):
            async with database.write() as session:
                await assignments.correct(session, EDITOR, assignment, {"driver_id": chance.choice(people)}, None)

    async def drop() -> None:
        await half_way.wait()
        await retention.retain(database, DAYS, actor="test", pause_s=0.05)

    async with asyncio.timeout(120):
        refused, *_ = await asyncio.gather(
            asyncio.gather(*(deliver([*parts[start::3], *parts[::5]]) for start in range(3))),
            asyncio.gather(*(hand_over(assignment) for assignment in range(1, 5))),
            asyncio.gather(*(drop() for _ in range(2))),
        )
    assert 0 < sum(refused) < len(sent)
    await retain(database)
    async with database.read() as session:
        assert await session.value("SELECT count(*) FROM positions WHERE fix_time < :first", {"first": first}) == 0
    assert await differences(database) == []
    rows = await fleet.rows(database)
    for assignment in range(1, 5):
        for vehicle in ("VEH-2", "VEH-1"):
            async with database.write() as session:
                await assignments.correct(session, EDITOR, assignment, {"vehicle_id": vehicle}, None)
    assert await fleet.rows(database) == rows


async def test_a_server_whose_settings_say_so_drops_by_itself(
    database: Database, database_url: str, password_hash: str
) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", drive(0, 100))
    async with open_api(database, database_url, password_hash, ROADLENS_POSITION_RETENTION_DAYS=str(DAYS)) as api:
        async with asyncio.timeout(120):
            while await stored(database):  # noqa: ASYNC110 - what it does by itself it tells the log alone
                await asyncio.sleep(0.01)
        assert (await api.answer("/admin/audit", entity="positions"))["items"][0]["actor"] == "roadlens serve"


async def test_a_server_that_cannot_goes_on_and_tells_the_log(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with database.write() as session:
        await session.execute("ALTER TABLE installation ADD CONSTRAINT none_may CHECK (positions_from IS NULL)")
    async with Retention(database, DAYS).running(), asyncio.timeout(120):
        while "Old positions stay for another hour" not in caplog.text:  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0.01)
    assert "none_may" in caplog.text
    assert await kept_from(database) is None


async def _until_waiting(database: Database) -> None:
    """Until somebody waits for the table of positions."""
    async with database.read() as session:
        while not await session.value(WAITING):  # noqa: ASYNC110 - PostgreSQL has no event for it
            await asyncio.sleep(0.01)
