"""Retention on a real database: what goes, what stands, and what comes of positions that come too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from roadlens.domain import SHORTEST_RETENTION_DAYS
from roadlens.storage.database import Database
from roadlens.telemetry import assignments, retention
from roadlens.telemetry.batch import Reason
from roadlens.telemetry.delivery import Ingest
from roadlens.telemetry.doctor import differences
from roadlens.telemetry.retention import Retained, foresee
from tests.support import fleet
from tests.support.fleet import drive, fix
from tests.support.months import boundary, kept_from, kept_months, moved, stored

DAYS = SHORTEST_RETENTION_DAYS
EDITOR = "test"


async def retain(database: Database, days: int = DAYS) -> Retained:
    """Drop; somebody must be in the way for good to prevent it."""
    done = await retention.retain(database, days, actor="test", pause_s=0.05)
    assert done is not None
    return done


async def test_months_go_whole_and_what_was_made_of_them_stays(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    first = await boundary(database)
    braking = [each._replace(alarms=1) if number == 5 else each for number, each in enumerate(drive(0, 100))]
    await fleet.deliver(ingest, "A", braking)
    await fleet.deliver(ingest, "A", moved(drive(0, 200), first - timedelta(days=1)))
    await fleet.deliver(ingest, "A", moved(drive(0, 300), first))
    before = await fleet.rows(database)
    assert len(before["trips"]) == 3
    planned = await foresee(database, DAYS)
    assert len(await kept_months(database)) == 3

    done = await retain(database)
    assert done == planned
    assert [(old.month.name, old.positions) for old in done.dropped] == [
        ("positions_2024_03", 12),
        (f"positions_{first - timedelta(days=1):%Y_%m}", 22),
    ]
    assert done.bytes > 0
    assert await kept_months(database) == [f"positions_{first:%Y_%m}"]
    assert (await stored(database), await kept_from(database)) == (32, first)
    assert await fleet.rows(database) == before
    assert await differences(database) == []


async def test_once_more_drops_nothing_and_writes_nothing(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", drive(0, 100))
    await retain(database)
    statements: list[str] = []
    database.observe(lambda sql, _seconds: statements.append(sql))
    done = await retain(database)
    assert (done.dropped, done.kept_from) == ([], done.kept_before)
    assert [sql for sql in statements if not sql.strip().startswith("SELECT")] == []


async def test_a_longer_retention_brings_nothing_back(database: Database) -> None:
    first = (await retain(database)).kept_from
    assert (await retain(database, 3650)).kept_from == first
    assert await kept_from(database) == first


async def test_the_log_names_who_dropped_what(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", drive(0, 100))
    done = await retain(database)
    async with database.read() as session:
        found = await session.tuples(
            "SELECT actor, action, entity, entity_id, after FROM audit_log WHERE action = 'drop'"
        )
    after = {"positions_from": done.kept_from.isoformat(), "positions": 12, "bytes": done.bytes}
    assert found == [("test", "drop", "positions", "positions_2024_03", after)]


async def test_positions_of_a_time_that_is_not_kept_are_refused(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    first = (await retain(database)).kept_from
    edge = [*moved([fix(0, 36.0)], first - timedelta(microseconds=1)), *moved([fix(0, 36.0)], first)]
    outcome = await fleet.deliver(ingest, "A", [*drive(0, 100), *edge])
    assert (outcome.kept, outcome.dropped, outcome.trips) == (1, {Reason.NOT_KEPT: 13}, 0)
    assert outcome.complaints[0].detail == (
        f"time 2024-03-06T12:00:00+00:00 is too old: positions from before {first.isoformat()} are no longer kept"
    )
    assert await kept_months(database) == [f"positions_{first:%Y_%m}"]


async def test_a_device_that_sends_nothing_but_old_positions_is_not_made(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await retain(database)
    outcome = await fleet.deliver(ingest, "A", drive(0, 100))
    assert outcome.registered == {}
    assert (await fleet.rows(database))["device_progress"] == []


async def test_live_positions_ask_nothing_of_what_is_kept(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await retain(database)
    now = datetime.now(UTC) - timedelta(minutes=10)
    statements: list[str] = []
    database.observe(lambda sql, _seconds: statements.append(sql))
    await fleet.deliver(ingest, "A", moved(drive(0, 100), now))
    assert [sql for sql in statements if "LOCK TABLE" in sql or sql == "SELECT positions_from FROM installation"] == []
    assert await stored(database) == 12


async def over_the_edge(database: Database) -> tuple[Ingest, datetime]:
    """A trip of two hours in whose middle positions begin to be kept, and a short one after it."""
    ingest = await fleet.open_ingest(database)
    first = await boundary(database)
    await fleet.deliver(ingest, "A", moved(drive(0, 7200), first - timedelta(hours=1)))
    await fleet.deliver(ingest, "A", moved(drive(0, 300), first + timedelta(hours=3)))
    return ingest, first


@pytest.mark.parametrize("remembers", [True, False])
async def test_a_trip_over_the_edge_stands_whatever_comes_of_it(database: Database, remembers: bool) -> None:
    ingest, first = await over_the_edge(database)
    before = (await fleet.rows(database))["trips"]
    await retain(database)
    ingest = ingest if remembers else await Ingest.open(database)
    for second in (0, 600, 3600):
        late = moved([fix(second + 5, 90.0)], first)
        assert (await fleet.deliver(ingest, "A", late)).kept == 1
    after = (await fleet.rows(database))["trips"]
    assert after == before
    assert len(before) == 2


async def test_what_would_have_made_it_longer_is_a_trip_of_its_own(database: Database) -> None:
    ingest, _ = await over_the_edge(database)
    standing, later = (await fleet.rows(database))["trips"]
    await retain(database)
    end = datetime.fromisoformat(standing["ended_at"])
    await fleet.deliver(ingest, "A", moved(drive(10, 300), end))
    trips = (await fleet.rows(database))["trips"]
    assert [trips[0], trips[2]] == [standing, later]
    assert datetime.fromisoformat(trips[1]["started_at"]) == end + timedelta(seconds=10)
    assert await differences(database) == []


async def test_assignments_move_trips_of_which_all_is_kept_and_no_others(database: Database) -> None:
    await over_the_edge(database)
    await fleet.make_people(database, ("DRV-9",))
    await retain(database)
    async with database.read() as session:
        assignment = await session.value("SELECT assignment_id FROM device_assignments")
    async with database.write() as session:
        await assignments.correct(session, EDITOR, assignment, {"driver_id": "DRV-9"}, None)
    assert [trip["driver_id"] for trip in (await fleet.rows(database))["trips"]] == ["DRV-0001", "DRV-9"]
    assert await differences(database) == []
    async with database.write() as session:
        await assignments.remove(session, EDITOR, assignment, None)
    assert [trip["driver_id"] for trip in (await fleet.rows(database))["trips"]] == ["DRV-0001"]
    assert await differences(database) == []


async def test_a_driver_is_removed_with_trips_whose_positions_are_gone(database: Database) -> None:
    ingest, first = await over_the_edge(database)
    await retain(database)
    async with database.write() as session:
        await assignments.remove_driver(session, EDITOR, "DRV-0001", None)
    assert (await fleet.rows(database))["trips"] == []
    assert await differences(database) == []
    # What is kept of the trip over the edge is a trip again when the device is given to somebody.
    await fleet.make_people(database, ("DRV-9",))
    await ingest.assign("A", "DRV-9", "VEH-1", actor="test")
    trips = (await fleet.rows(database))["trips"]
    assert [trip["driver_id"] for trip in trips] == ["DRV-9"] * 2
    assert datetime.fromisoformat(trips[0]["started_at"]) == first
