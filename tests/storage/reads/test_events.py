"""A page of events is what its filters ask for, and a rare kind is found without reading the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

from roadlens.domain import EventSource, EventState, EventType, first_id_at
from roadlens.storage.database import Database
from roadlens.storage.reads.events import EventFilter, page
from roadlens.storage.reads.id_spans import IdSpan
from roadlens.telemetry.generated.fill import generate
from roadlens.telemetry.generated.traits import Plan

NOW = datetime(2026, 4, 10, 9, 30, tzinfo=UTC)
LIMIT = 20
READ = """
SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'safety_events'
"""


async def fill(database: Database, drivers: int) -> None:
    """Some 40 events a driver; every hundredth is coached."""
    await generate(database, Plan(drivers, 30, 2), now=NOW, progress=lambda _what, _share: None)
    async with database.write() as session:
        await session.execute(
            "UPDATE safety_events SET state = 'coached' FROM (SELECT event_id AS id, row_number() OVER (ORDER BY "
            "event_id) AS place FROM safety_events) AS numbered WHERE event_id = id AND place % 100 = 0"
        )
        await session.execute("ANALYZE safety_events")


async def test_every_combination_of_filters(database: Database) -> None:
    await fill(database, 100)
    async with database.read() as session:
        rows = await session.tuples(
            "SELECT event_id, driver_id, event_type, source, state FROM safety_events ORDER BY event_id DESC"
        )
        middle = rows[len(rows) // 2][0]
        spans = (
            IdSpan(),
            IdSpan(after=middle),
            IdSpan(first=first_id_at(NOW - timedelta(days=30)), end=first_id_at(NOW - timedelta(days=20))),
        )
        drivers = (None, rows[0][1])
        for span, driver, kind, source, state in product(
            spans,
            drivers,
            (None, *EventType),
            (None, *EventSource),
            (None, EventState.COACHED, EventState.NEEDS_REVIEW),
        ):
            wanted = EventFilter(driver_id=driver, event_type=kind, source=source, state=state)
            found = [event.event_id for event in await page(session, wanted=wanted, span=span, limit=LIMIT)]
            first, end, after = span.first, span.end, span.after
            assert (
                found
                == [
                    row[0]
                    for row in rows
                    if (driver is None or row[1] == driver)
                    and (kind is None or row[2] == kind)
                    and (source is None or row[3] == source)
                    and (state is None or row[4] == state)
                    and (first is None or row[0] >= first)
                    and (end is None or row[0] < end)
                    and (after is None or row[0] < after)
                ][:LIMIT]
            ), wanted


async def test_a_rare_kind_is_not_looked_for_among_all(database: Database) -> None:
    await fill(database, 1000)
    for wanted in (
        EventFilter(state=EventState.DISMISSED),
        EventFilter(event_type=EventType.PHONE_USE, source=EventSource.GPS),
        EventFilter(event_type=EventType.SPEEDING, state=EventState.COACHED),
    ):
        async with database.read() as session:
            before = await session.value(READ)
            found = await page(session, wanted=wanted, span=IdSpan(), limit=LIMIT)
            assert await session.value(READ) - before <= 3 * len(found), wanted
