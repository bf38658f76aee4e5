"""What a new cut changes is written, and nothing else."""

from __future__ import annotations

from datetime import UTC, tzinfo

import pytest

from roadlens.domain import EventType
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.database import Database
from roadlens.storage.reads.tracks import Assignment
from roadlens.storage.trip_rows import EventRow, TripRow
from roadlens.storage.writes import trips
from roadlens.storage.writes.trips import Changes, compare
from roadlens.telemetry.formulas import find
from roadlens.telemetry.track import Track
from roadlens.telemetry.trip import summarise
from tests.support import fleet
from tests.support.fleet import array, drive

Rows = tuple[TripRow, list[EventRow]]


def made(start: float, seconds: int = 100, *alarms: int, zone: tzinfo = UTC) -> Rows:
    """The rows of a drive, with braking at some of its fixes."""
    fixes = drive(start, seconds)
    for index in alarms:
        fixes[index] = fixes[index]._replace(alarms=EventType.HARSH_BRAKING.bit)
    track = Track(DEFAULT, array(fixes))
    rows = summarise(track, find(track, zone), "A", Assignment(1, "DRV-1", "VEH-1", None, None), zone, 1)
    assert rows is not None
    return rows


def changes(before: list[Rows], after: list[Rows]) -> Changes:
    (old, old_events), (new, new_events) = (
        ([trip for trip, _ in rows], [event for _, events in rows for event in events]) for rows in (before, after)
    )
    return compare(old, new, old_events, new_events)


@pytest.fixture
async def people(database: Database) -> Database:
    await fleet.make_people(database, ("DRV-1",))
    await fleet.make_devices(database, ("A",))
    return database


async def apply(database: Database, *steps: list[Rows]) -> None:
    """Go from one cut to the next."""
    before: list[Rows] = []
    for after in steps:
        async with database.write() as session:
            await trips.apply(session, changes(before, after))
        before = after


async def stored(database: Database) -> tuple[list[TripRow], list[EventRow]]:
    async with database.read() as session:
        found = await session.tuples(f"SELECT {', '.join(TripRow._fields)} FROM trips ORDER BY trip_id")
        events = await session.tuples(f"SELECT {', '.join(EventRow._fields)} FROM safety_events ORDER BY event_id")
    return [TripRow(*row) for row in found], [EventRow(*row) for row in events]


def test_the_same_cut_changes_nothing() -> None:
    assert not changes([made(0, 100, 3), made(900)], [made(900), made(0, 100, 3)])


def test_a_trip_that_looks_different_goes_and_comes() -> None:
    short, long = made(0, 100, 3), made(0, 200, 3)
    found = changes([short, made(900)], [long, made(900)])
    assert (found.gone, found.put) == ([short[0]], [long[0]])
    assert (found.gone_events, found.put_events) == ([], [])


async def test_rows_come_back_as_they_were_put(people: Database) -> None:
    rows = made(0, 100, 3)
    await apply(people, [rows])
    assert await stored(people) == ([rows[0]], rows[1])


async def test_a_cut_replaces_the_one_before(people: Database) -> None:
    one, other, late = made(0, 100, 3), made(900, 100, 4), made(0, 200, 3, 18)
    await apply(people, [one, other], [late])
    assert await stored(people) == ([late[0]], late[1])
    await apply(people, [late], [])
    assert await stored(people) == ([], [])


async def test_an_event_moves_to_another_trip_with_its_state(people: Database) -> None:
    """The trip's beginning arrives late: the trip has another id, the event has not."""
    late, (event,) = made(30, 70, 3)
    event = event._replace(state="dismissed")
    await apply(people, [(late, [event])])
    async with people.write() as session:
        whole = made(0, 100)[0]
        await trips.apply(session, changes([(late, [event])], [(whole, [event._replace(trip_id=whole.trip_id)])]))
        assert await session.tuples("SELECT trip_id, state FROM safety_events") == [(whole.trip_id, "dismissed")]
        assert await session.tuples("SELECT trip_id FROM trips") == [(whole.trip_id,)]
