"""Trips where old positions have been dropped: those that began before stand, others are a function of what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from roadlens.domain import unix_microseconds
from roadlens.storage.database import Database
from roadlens.telemetry import assignments
from roadlens.telemetry.delivery import Ingest
from roadlens.telemetry.doctor import differences
from tests.support import fleet
from tests.support.fleet import NOON
from tests.telemetry.test_order_does_not_matter import (
    EVERY_DAY,
    EXAMPLES,
    Sent,
    deliveries,
    histories,
    prepare,
    told,
)

# What retention does, but for the months: positions go and the word of it comes, whenever that may be.
DROPPED = """
WITH gone AS (DELETE FROM positions WHERE fix_time < :moment)
UPDATE installation SET positions_from = cast(:moment AS timestamptz)
"""


@st.composite
def parted(draw: st.DrawFn) -> tuple[list[Sent], datetime, list[bool]]:
    """A history, a moment somewhere in it, and which of the positions have come before all older ones are dropped.

    The moment is at a fix as often as between two.
    """
    history = draw(histories())
    fix = draw(st.sampled_from(history))[1]
    moment = (
        NOON
        + timedelta(microseconds=fix.fix_time - unix_microseconds(NOON))
        + draw(
            st.sampled_from(
                (timedelta(0), timedelta(microseconds=1), timedelta(microseconds=-1), timedelta(seconds=45))
            )
        )
    )
    early = draw(st.lists(st.booleans(), min_size=len(history), max_size=len(history)))
    return history, moment, early


async def after_dropping(
    database: Database,
    ingests: Sequence[Ingest],
    early: Sequence[Sent],
    moment: datetime,
    batches: Sequence[Sequence[Sent]],
) -> tuple[fleet.Rows, fleet.Rows]:
    """The rows when older positions have just been dropped, and those when the batches have come after that."""
    await fleet.forget(database)
    async with database.write() as session:
        await session.execute("UPDATE installation SET positions_from = NULL")
    if early:
        await ingests[0].deliver(fleet.batch(early))
    async with database.write() as session:
        await session.execute(DROPPED, {"moment": moment})
    before = await fleet.rows(database)
    for number, sent in enumerate(batches):
        await ingests[number // 2 % len(ingests)].deliver(fleet.batch(sent))
    return before, await fleet.rows(database)


async def cut_all_again(database: Database) -> None:
    """Have each device's trips cut again: its assignments get another vehicle, and theirs back."""
    async with database.read() as session:
        held = await session.tuples("SELECT assignment_id, vehicle_id FROM device_assignments ORDER BY assignment_id")
    for assignment_id, vehicle_id in held:
        for each in ("VEH-1" if vehicle_id != "VEH-1" else "VEH-2", vehicle_id):
            async with database.write() as session:
                await assignments.correct(session, "test", assignment_id, {"vehicle_id": each}, None)


def begun_before(rows: fleet.Rows, moment: datetime) -> list[dict[str, Any]]:
    return [trip for trip in rows["trips"] if datetime.fromisoformat(trip["started_at"]) < moment]


async def check(
    database: Database,
    ingests: Sequence[Ingest],
    early: Sequence[Sent],
    moment: datetime,
    late: Sequence[Sequence[Sent]],
) -> None:
    before, clean = await after_dropping(database, ingests, early, moment, [[each for one in late for each in one]])
    assert begun_before(clean, moment) == begun_before(before, moment)
    _, pieces = await after_dropping(database, ingests, early, moment, late)
    assert pieces == clean
    assert await differences(database) == []
    await cut_all_again(database)
    assert await fleet.rows(database) == clean


@pytest.mark.system
def test_what_comes_later_gives_the_same_trips_in_any_order(database_url: str) -> None:
    with asyncio.Runner() as runner:
        database, ingests = runner.run(prepare(database_url))

        @settings(
            max_examples=EXAMPLES or EVERY_DAY,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        )
        @given(data=st.data())
        def run(data: st.DataObject) -> None:
            history, moment, came = data.draw(parted())
            early = [sent for sent, is_early in zip(history, came, strict=True) if is_early]
            late = [sent for sent, is_early in zip(history, came, strict=True) if not is_early]
            batches = data.draw(deliveries(late)) if late else []
            note(f"dropped before {(moment - NOON).total_seconds():g} s, after {[told(*sent) for sent in early]}")
            note("\n".join(f"delivered then: {[told(*sent) for sent in one]}" for one in batches))
            runner.run(check(database, ingests, early, moment, batches))

        try:
            run()
        finally:
            runner.run(database.close())
