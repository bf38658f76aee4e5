"""Windows from memory: a trip under way is not read again, and no memory outlives what somebody else has stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from roadlens.storage.binary import POSITION
from roadlens.storage.database import Database
from roadlens.storage.writes.devices import Stamp
from roadlens.telemetry.delivery import Ingest
from roadlens.telemetry.memory import Memory, Recent
from roadlens.telemetry.recent import between, merged
from tests.support import fleet


@contextmanager
def reads_of_positions(database: Database) -> Iterator[list[str]]:
    """The statements that read positions back."""
    seen: list[str] = []
    stop = database.observe(lambda sql, _: seen.append(sql) if "string_agg" in sql else None)
    yield seen
    stop()


async def test_a_trip_under_way_is_read_back_once(database: Database) -> None:
    ingest = await Ingest.open(database)
    sent = fleet.drive(0, 300)
    with reads_of_positions(database) as reads:
        for fix in sent:
            await fleet.deliver(ingest, "A", [fix])
    assert len(reads) == 1
    one_by_one = await fleet.rows(database)
    await fleet.forget(database)
    await fleet.deliver(await Ingest.open(database), "A", sent)
    assert await fleet.rows(database) == one_by_one
    assert one_by_one["trips"]


async def test_what_another_process_has_stored_is_seen(database: Database) -> None:
    mine, other = await Ingest.open(database), await Ingest.open(database)
    sent = fleet.drive(0, 600)
    with reads_of_positions(database) as reads:
        for number, fix in enumerate(sent):
            await fleet.deliver(other if number % 10 == 9 else mine, "A", [fix])
    assert len(reads) > 10
    mixed = await fleet.rows(database)
    await fleet.forget(database)
    await fleet.deliver(mine, "A", sent)
    assert await fleet.rows(database) == mixed


async def test_deliveries_at_once_end_in_the_same_rows(database: Database) -> None:
    ingest = await Ingest.open(database)
    await fleet.deliver(ingest, "A", fleet.drive(0, 300))
    later = fleet.drive(900, 600)
    await asyncio.gather(*(fleet.deliver(ingest, "A", later[start::7]) for start in range(7)))
    together = await fleet.rows(database)
    await fleet.forget(database)
    await fleet.deliver(ingest, "A", [*fleet.drive(0, 300), *later])
    assert await fleet.rows(database) == together
    assert len(together["trips"]) == 2


def test_merging_keeps_each_fix_once_and_in_order() -> None:
    known = fleet.array([fleet.fix(1), fleet.fix(3), fleet.fix(3, digest=7)])
    new = fleet.array([fleet.fix(5), fleet.fix(2), fleet.fix(3), fleet.fix(5), fleet.fix(3, digest=-7)])
    found = merged(known, new)
    noon = fleet.array([fleet.fix(0)])["fix_time"][0]
    keys = [((int(row["fix_time"]) - int(noon)) // 1_000_000, int(row["digest"])) for row in found]
    assert keys == [(1, 0), (2, 0), (3, -7), (3, 0), (3, 7), (5, 0)]
    assert merged(known, np.zeros(0, dtype=POSITION)) is known


def test_a_span_has_both_its_ends() -> None:
    fixes = fleet.array([fleet.fix(second) for second in range(5)])
    times = [int(time) for time in fixes["fix_time"]]
    assert between(fixes, times[1], times[3])["fix_time"].tolist() == times[1:4]
    assert between(fixes, times[0] + 1, times[1] - 1)["fix_time"].tolist() == []
    assert between(fixes, None, None)["fix_time"].tolist() == times


@pytest.mark.parametrize(("from_", "asked", "covers"), [(None, 5, True), (5, 5, True), (6, 5, False), (5, None, False)])
def test_a_memory_covers_what_begins_in_it(from_: int | None, asked: int | None, covers: bool) -> None:
    assert Recent(Stamp(1, 1), from_, fleet.array([])).covers(asked) is covers


def test_memory_is_bounded_and_loses_what_was_heard_of_longest_ago() -> None:
    fixes = fleet.array([fleet.fix(0)] * 10)
    memory = Memory(most_bytes=3 * fixes.nbytes)
    for device in (1, 2, 3, 1, 4):
        memory.keep({device: Recent(Stamp(10, 1), None, fixes)})
    assert memory.bytes == 3 * fixes.nbytes
    assert [device for device in range(5) if memory.find(device, Stamp(10, 1))] == [1, 3, 4]
    assert memory.find(4, Stamp(11, 1)) is memory.find(4, Stamp(10, 2)) is None
