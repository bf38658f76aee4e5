"""The window around new positions: wide enough for every trip that they can change, and no wider."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from roadlens.storage.database import Database
from roadlens.storage.reads import tracks
from roadlens.storage.reads.tracks import Window
from roadlens.telemetry.batch import Fix
from roadlens.telemetry.delivery import Ingest
from tests.support import fleet
from tests.support.fleet import NOON, drive, fix

Span = tuple[float | None, float | None]


def moment(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def parked(start: float, end: float) -> list[Fix]:
    return [fix(second) for second in range(int(start), int(end), 60)]


# Three trips: [0, 110], [1000, 1110], [2000, 2110], then parked until 3000.
DRIVES = [*drive(0, 100), *drive(1000, 100), *drive(2000, 100), *parked(2170, 3001)]


async def ready(database: Database) -> Ingest:
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", DRIVES)
    return ingest


async def window(database: Database, first: float | None, last: float | None) -> Span:
    """Where the window for new positions from `first` to `last` begins and ends, in seconds after noon."""
    begin, end = (None if at is None else moment(at) for at in (first, last))
    async with database.read() as session:
        (found,) = await tracks.windows(session, [1], [begin], [end])
    seconds = [None if at is None else (at - NOON).total_seconds() for at in (found.first, found.last)]
    return seconds[0], seconds[1]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (1050, 1060, (1000, 1110)),
        (500, 600, (0, 1110)),
        (50, 1050, (0, 1110)),
        (1000, 1000, (0, 1110)),
        (1110, 1110, (1000, 2110)),
        (-100, -50, (None, 110)),
        (0, 0, (None, 110)),
        (2110, 2110, (2000, None)),
        (2500, 2600, (2000, None)),
        (3500, 3600, (2950, None)),
    ],
    ids=[
        "within a trip",
        "between two",
        "over two",
        "at the beginning of one",
        "at the end of one",
        "before all",
        "at the very first",
        "at the very last end",
        "while parked",
        "after it has stood long enough",
    ],
)
async def test_a_window_reaches_to_the_neighbours_that_can_change(
    database: Database, first: float, last: float, expected: Span
) -> None:
    await ready(database)
    assert await window(database, first, last) == expected


@pytest.mark.parametrize("edge", [1000, 1110], ids=["beginning", "end"])
async def test_a_second_report_of_a_trips_edge_can_join_it_with_its_neighbour(database: Database, edge: int) -> None:
    """The stop of five minutes beside the edge is one only as long as the vehicle stands at the edge."""
    ingest = await fleet.open_ingest(database)
    before = [*drive(590, 90), *parked(740, 1000), *drive(1000, 100), *parked(1170, 1400), *drive(1410, 90)]
    await fleet.deliver(ingest, "A", before)
    assert len((await fleet.rows(database))["trips"]) == 3
    await fleet.deliver(ingest, "A", [fix(edge, 36.0, digest=-1)])
    late = await fleet.rows(database)
    await fleet.forget(database)
    await fleet.deliver(ingest, "A", [*before, fix(edge, 36.0, digest=-1)])
    assert late == await fleet.rows(database)
    assert len(late["trips"]) == 2


async def test_positions_come_window_by_window_in_the_order_of_time_and_digest(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    for unique_id in ("A", "B"):
        await fleet.deliver(ingest, unique_id, [fix(2), fix(1, digest=5), fix(1, digest=-5), fix(9)])
    visible = [Window(2, "B", moment(1), moment(2)), Window(1, "A", moment(2), None), Window(3, "none", None, None)]
    async with database.read() as session:
        found = await tracks.positions(session, visible)
    assert [fixes["device_id"].tolist() for fixes in found] == [[2, 2, 2], [1, 1], []]
    assert [fixes["digest"].tolist() for fixes in found] == [[-5, 5, 0], [0, 0], []]


async def test_trips_and_events_of_a_window_are_those_that_start_in_it(database: Database) -> None:
    await ready(database)
    async with database.read() as session:
        found = await tracks.trips(session, [Window(1, "A", moment(1000), moment(2000))])
        whole = await tracks.trips(session, [Window(1, "A", None, None)])
        assert await tracks.events(session, [Window(1, "A", None, None)]) == []
    assert sorted((trip.started_at - NOON).total_seconds() for trip in found) == [1000, 2000]
    assert len(whole) == 3


async def test_assignments_come_in_the_order_of_time(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.make_people(database, ("DRV-1", "DRV-2"))
    await fleet.make_devices(database, ("A",))
    await ingest.assign("A", "DRV-2", "VEH-1", valid_from=moment(10), actor="test")
    await ingest.assign("A", "DRV-1", "VEH-1", valid_to=moment(10), actor="test")
    async with database.read() as session:
        found = await tracks.assignments(session, [1, 2])
    assert [(each.driver_id, each.valid_from, each.valid_to) for each in found] == [
        ("DRV-1", None, moment(10)),
        ("DRV-2", moment(10), None),
    ]


async def test_nothing_touched_is_all_that_a_device_has_sent(database: Database) -> None:
    await ready(database)
    async with database.write() as session:
        await session.execute("INSERT INTO devices (unique_id) VALUES ('never heard')")
    async with database.read() as session:
        found = await tracks.windows(session, [1, 2], [None, None], [None, None])
    assert found == [Window(1, "A", None, None), Window(2, "never heard", None, None)]


@pytest.mark.parametrize(
    ("kept_from", "first", "last", "expected"),
    [
        (-500, 1050, 1060, (1000, 1110)),
        (1000, 500, 1060, (1000, 1110)),
        (1050, 1060, 1070, (1110.000001, 1110)),
        (1050, 1060, 1110, (1110.000001, 2110)),
        (1050, 1500, 1600, (1110.000001, 2110)),
        (1500, 1500, 1600, (1500, 2110)),
        (1500, None, None, (1500, None)),
        (2050, None, None, (2110.000001, None)),
        (2500, 3500, 3600, (2950, None)),
    ],
    ids=[
        "before all",
        "from a trip's beginning on",
        "within a trip over the moment",
        "at its end",
        "after it",
        "between two trips",
        "all that is kept",
        "all after a trip over the moment",
        "after it has stood long enough",
    ],
)
async def test_a_window_does_not_reach_behind_what_is_kept_or_into_a_trip_that_stands(
    database: Database, kept_from: float, first: float | None, last: float | None, expected: Span
) -> None:
    await ready(database)
    async with database.write() as session:
        await session.execute("UPDATE installation SET positions_from = :kept", {"kept": moment(kept_from)})
    assert await window(database, first, last) == expected
