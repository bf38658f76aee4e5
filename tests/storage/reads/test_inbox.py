"""The inbox's counts are those of the events, and few of them are read for it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from roadlens.domain import EventState, EventType
from roadlens.storage.database import Database
from roadlens.storage.reads import inbox
from roadlens.telemetry import reviews
from roadlens.telemetry.doctor import differences
from roadlens.telemetry.generated.fill import generate
from roadlens.telemetry.generated.traits import Plan
from roadlens.telemetry.reviews import Decision

NOW = datetime(2026, 4, 10, 9, 30, tzinfo=UTC)
READ = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'safety_events'"
COUNTED = "SELECT state, event_type, count(*) FROM safety_events GROUP BY 1, 2"
CHOSEN = "SELECT event_id FROM safety_events ORDER BY md5(event_id::text) LIMIT 90"


async def test_what_was_decided_is_counted_and_the_rest_is_not_looked_at(database: Database) -> None:
    await generate(database, Plan(300, 30, 2), now=NOW, progress=lambda _what, _share: None)
    async with database.read() as session:
        chosen = [event_id for (event_id,) in await session.tuples(CHOSEN)]
    decided = (EventState.COACHED, EventState.DISMISSED, EventState.RECOGNISED)
    for place, state in enumerate(decided):
        async with database.write() as session:
            await reviews.review(session, "test", chosen[place::3], Decision(state))
    async with database.write() as session:
        await session.execute("ANALYZE safety_events")
    async with database.read() as session:
        before = await session.value(READ)
        counts = await inbox.counts(session)
        # Those that were decided, and what stood in their place before.
        assert await session.value(READ) - before <= 2 * len(chosen)
        expected = {(EventState(state), EventType(kind)): n for state, kind, n in await session.tuples(COUNTED)}
        assert +counts == Counter(expected)
        assert counts.total() > 20 * len(chosen)
        driver = await session.value("SELECT driver_id FROM event_reviews LIMIT 1")
        of_driver = COUNTED.replace("GROUP", "WHERE driver_id = :driver GROUP")
        expected = {
            (EventState(state), EventType(kind)): n
            for state, kind, n in await session.tuples(of_driver, {"driver": driver})
        }
        assert await inbox.counts_of_driver(session, driver) == Counter(expected)
    assert await differences(database) == []
