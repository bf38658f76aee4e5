"""History scored again is what the live rules would have made of it, row for row, however often it is interrupted."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from roadlens.domain import EventState
from roadlens.errors import Conflict, DatabaseUnavailable, SetupError
from roadlens.rescoring.chunk import Chunks
from roadlens.rescoring.histories import rate
from roadlens.rescoring.rebuild import Order, Progress, Rebuilt, rebuild
from roadlens.scoring.parameters import DEFAULT, FORMULA_1, Parameters
from roadlens.storage.database import Database
from roadlens.storage.writes import rebuilds as write
from roadlens.storage.writes.barrier import Touched
from roadlens.telemetry import assignments, reviews
from roadlens.telemetry.assignments import cut_again
from roadlens.telemetry.delivery import Ingest, Outcome
from roadlens.telemetry.demo.fill import fill
from roadlens.telemetry.importing import import_file
from roadlens.telemetry.reviews import Decision
from tests.support.installation import real_drives
from tests.support.workers import children_of, command_of

UNTIL = datetime(2026, 3, 20, 18, 30, tzinfo=UTC)
OTHER = replace(
    DEFAULT,
    gps_braking_swing_ms2=1.2,
    speeding_tolerance_kmh=3.0,
    trip_speeding=4.0,
    night_from_hour=18.0,
    prior_speeding=0.7,
    classes=(("truck", (("gps_cornering_across_ms2", 0.5), ("speed_at_most_kmh", 60.0))),),
)

PROGRAM = """
import asyncio
from pathlib import Path
from roadlens.rescoring.rebuild import Order, rebuild
from roadlens.storage.database import Database
async def main():
    order = {order}
    await rebuild(Database.open(order.database_url), order, lambda _: None)
asyncio.run(main())
"""

_TRIP = (
    "trip_id, driver_id, day, distance_m, night_m, rush_hour_m, speeding_m, speeding_s, harsh_braking, "
    "rapid_acceleration, harsh_cornering, speeding, phone_use, trip_score"
)
_EVENT = (
    "event_id, trip_id, driver_id, event_type, source, occurred_at, ended_at, severity, confidence, latitude, "
    "longitude, speed_kmh, state, speeding_m, speeding_s"
)
_RISK = "driver_id, day, risk_score, risk_level, distance_m, factors"
LIVE = (
    f"SELECT {_TRIP} FROM trips ORDER BY trip_id",
    f"SELECT {_EVENT} FROM safety_events ORDER BY event_id",
    f"SELECT {_RISK} FROM risk_scores ORDER BY driver_id, day",
)
RESCORED = (
    f"SELECT {_TRIP} FROM rescored_trips WHERE score_version = 2 ORDER BY trip_id",
    f"SELECT {_EVENT} FROM rescored_events WHERE score_version = 2 ORDER BY event_id",
    f"SELECT {_RISK} FROM rescored_risk WHERE score_version = 2 ORDER BY driver_id, day",
)


async def draft(database: Database, parameters: Parameters) -> None:
    async with database.write() as session:
        await session.execute(
            "INSERT INTO score_versions (version, parameters, active) VALUES (2, cast(:it AS jsonb), false)",
            {"it": json.dumps(parameters.as_dict())},
        )


async def switch(database: Database) -> None:
    """As if the version had been active when everything came in."""
    async with database.write() as session:
        await session.execute("UPDATE score_versions SET active = false WHERE version = 1")
        await session.execute("UPDATE score_versions SET active = true WHERE version = 2")
        devices = await session.tuples("SELECT device_id FROM devices ORDER BY device_id")
        await cut_again(session, [Touched(device_id, None, None) for (device_id,) in devices])


async def content(database: Database, statements: tuple[str, ...]) -> list[list[tuple[Any, ...]]]:
    async with database.read() as session:
        return [await session.tuples(statement) for statement in statements]


async def value(database: Database, statement: str) -> Any:
    async with database.read() as session:
        return await session.value(statement)


async def until(database: Database, statement: str, at_least: int) -> int:
    for _ in range(3000):
        if (reached := await value(database, statement)) >= at_least:
            return int(reached)
        await asyncio.sleep(0.02)
    raise AssertionError(f"{statement} did not reach {at_least}")


def workers() -> list[int]:
    """The processes that this one has started for a rebuild."""
    return [child for child in children_of(os.getpid()) if b"roadlens.rescoring" in command_of(child)]


@pytest.fixture
def order(database_url: str, tmp_path: Path) -> Order:
    return Order(2, 2, False, tmp_path, database_url)


async def run(database: Database, order: Order) -> Rebuilt:
    told: list[Progress] = []
    done = await rebuild(database, order, told.append)
    assert told[-1].done == told[-1].total
    return done


async def test_by_the_same_numbers_it_is_what_is_live(database: Database, order: Order) -> None:
    await fill(database, drivers=12, days=10, seed=1, until=UNTIL)
    await draft(database, DEFAULT)
    done = await run(database, order)
    live, rescored = await content(database, LIVE), await content(database, RESCORED)
    assert rescored == live
    assert done.trips == len(live[0]) > 100
    assert len(live[1]) > 100
    assert not order.files.directory.exists()


async def test_by_other_numbers_it_is_what_would_have_been(database: Database, order: Order) -> None:
    """Thresholds, weights, hours and a class of vehicle differ; the chunks are as small as can be."""
    await fill(database, drivers=8, days=6, seed=1, until=UNTIL)
    async with database.write() as session:
        await session.execute("UPDATE vehicles SET category = 'Truck' WHERE vehicle_id < 'VEH-0005'")
    await draft(database, OTHER)
    await run(database, replace(order, positions_a_chunk=500))
    before, rescored = await content(database, LIVE), await content(database, RESCORED)
    assert all(ours != theirs for ours, theirs in zip(rescored, before, strict=True))
    await switch(database)
    assert rescored == await content(database, LIVE)


@pytest.mark.parametrize("drives", real_drives("alarms.jsonl.gz"), ids=lambda path: path.name)
async def test_real_drives_with_alarms_of_their_own(database: Database, order: Order, drives: Path) -> None:
    await import_file(await Ingest.open(database), drives, Outcome(), register=True)
    await draft(database, OTHER)
    await run(database, replace(order, positions_a_chunk=2000))
    rescored = await content(database, RESCORED)
    await switch(database)
    assert rescored == await content(database, LIVE)
    assert {row[4] for row in rescored[1]} == {"device", "gps"}


async def test_what_was_decided_about_events_holds(database: Database, order: Order) -> None:
    """Dismissed events do not count in what is scored anew either, and others keep their state."""
    await fill(database, drivers=6, days=6, seed=1, until=UNTIL)
    async with database.read() as session:
        found = await session.tuples("SELECT event_id FROM safety_events ORDER BY event_id")
    for place, state in enumerate((EventState.DISMISSED, EventState.COACHED, EventState.DISMISSED)):
        ids = [event_id for (event_id,) in found[place::4]]
        async with database.write() as session:
            await reviews.review(session, "test", ids, Decision(state, None, keep_note=False))
    await draft(database, OTHER)
    await run(database, order)
    rescored = await content(database, RESCORED)
    assert {row[-3] for row in rescored[1]} == {"dismissed", "coached", "needs_review"}
    fast = [row[-2:] for row in rescored[1] if row[3] == "speeding" and row[-3] == "dismissed"]
    assert any(metres and seconds for metres, seconds in fast)
    await switch(database)
    assert rescored == await content(database, LIVE)


@pytest.mark.system
async def test_whoever_is_killed_is_replaced(database: Database, order: Order) -> None:
    """Of the processes each is killed, in the middle of a task, when it has done its first ones."""
    await fill(database, drivers=8, days=6, seed=1, until=UNTIL)
    await draft(database, DEFAULT)
    killed: set[int] = set()

    def kill(progress: Progress) -> None:
        if progress.done > progress.before and len(killed) < 2:
            for process in set(workers()) - killed:
                with suppress(ProcessLookupError):  # it has just ended by itself
                    os.kill(process, signal.SIGKILL)
                    killed.add(process)

    await rebuild(database, replace(order, positions_a_chunk=500), kill)
    assert len(killed) >= 2
    assert await content(database, RESCORED) == await content(database, LIVE)


@pytest.mark.system
async def test_a_command_that_is_killed_goes_on_where_it_was(database: Database, order: Order) -> None:
    await fill(database, drivers=8, days=6, seed=1, until=UNTIL)
    await draft(database, DEFAULT)
    small = replace(order, positions_a_chunk=500)
    program = PROGRAM.format(order=f"Order(2, 2, False, Path({str(order.data_dir)!r}), {order.database_url!r}, 500)")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    scored = "SELECT count(*) FROM rescored_chunks WHERE scored_at IS NOT NULL"
    done = await until(database, scored, 2)
    process.kill()
    await process.wait()
    assert done < await value(database, "SELECT chunks FROM score_rebuilds")
    (order.files.directory / "fixes-000099.1.part").write_bytes(b"half")
    told: list[Progress] = []
    await rebuild(database, small, told.append)
    assert told[0].before > 0
    assert await content(database, RESCORED) == await content(database, LIVE)
    assert not order.files.directory.exists()


async def test_who_asks_again_changes_nothing(database: Database, order: Order) -> None:
    await fill(database, drivers=3, days=3, seed=1, until=UNTIL)
    await draft(database, DEFAULT)
    await run(database, order)
    before = await content(database, RESCORED)
    done = await run(database, order)
    assert (done.counts.trips, await content(database, RESCORED)) == (0, before)


async def test_trips_without_positions_keep_their_events(database: Database, order: Order) -> None:
    """Of some trips positions are lost, of some dropped: events and sums stay, and the score is the version's."""
    await fill(database, drivers=6, days=6, seed=1, until=UNTIL)
    middle = await value(database, "SELECT started_at FROM trips ORDER BY started_at OFFSET 20 LIMIT 1")
    async with database.write() as session:
        await session.execute("UPDATE installation SET positions_from = :middle", {"middle": middle})
        await session.execute("DELETE FROM positions WHERE fix_time > :middle AND digest % 97 = 0", {"middle": middle})
    await draft(database, replace(DEFAULT, gps_braking_swing_ms2=1.2, trip_speeding=4.0, trip_harsh_braking=1.0))
    done = await run(database, order)
    assert 20 < done.kept < done.trips
    (live, live_events, _), (rescored, rescored_events, _) = [
        await content(database, statements) for statements in (LIVE, RESCORED)
    ]
    kept = [(mine, theirs) for mine, theirs in zip(rescored, live, strict=True) if mine[0].int <= live[19][0].int]
    assert len(kept) == 20
    assert all(mine[:-1] == theirs[:-1] for mine, theirs in kept)
    assert any(mine[-1] != theirs[-1] for mine, theirs in kept)
    ids = {mine[0] for mine, _ in kept}
    assert [row for row in rescored_events if row[1] in ids] == [row for row in live_events if row[1] in ids]


async def test_what_cannot_be_rebuilt_says_why(database: Database, order: Order) -> None:
    with pytest.raises(SetupError, match="There is no score version 2"):
        await rebuild(database, order, print)
    with pytest.raises(Conflict, match="is the active one"):
        await rebuild(database, replace(order, version=1), print)
    await draft(database, replace(DEFAULT, formula=FORMULA_1, classes=()))
    with pytest.raises(SetupError, match="is of the formula relativity-1"):
        await rebuild(database, order, print)
    assert await value(database, "SELECT count(*) FROM score_rebuilds") == 0


async def test_a_database_that_goes_away_is_one_line(database: Database, order: Order) -> None:
    await fill(database, drivers=2, days=2, seed=1, until=UNTIL)
    await draft(database, DEFAULT)
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        await rebuild(database, replace(order, database_url="postgresql://nobody@127.0.0.1:9/nothing"), lambda _: None)
    await run(database, order)
    assert await content(database, RESCORED) == await content(database, LIVE)


async def test_of_a_driver_who_goes_meanwhile_nothing_comes_back(database: Database, order: Order) -> None:
    """The chunk is exported, then a driver is removed, then it is scored and stored."""
    await fill(database, drivers=3, days=3, seed=1, until=UNTIL)
    await draft(database, DEFAULT)
    async with database.write() as session:
        await write.begin(session, 2)
        await write.plan(session, 2)
    order.files.prepare()
    chunks = Chunks(database, 2, order.files)
    await chunks.export(1)
    async with database.write() as session:
        await assignments.remove_driver(session, "test", "DRV-0002", None)
    await chunks.score(1)
    await rate(database, 2, ["DRV-0001", "DRV-0002", "DRV-0003"])
    for table in ("rescored_trips", "rescored_events", "rescored_risk"):
        drivers = await value(database, f"SELECT array_agg(DISTINCT driver_id ORDER BY driver_id) FROM {table}")
        assert drivers == ["DRV-0001", "DRV-0003"]
