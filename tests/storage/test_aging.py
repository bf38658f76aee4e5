"""Old sign-ins lose name and address, other entries nothing, and the log is still what was sealed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date

import pytest

from roadlens.api.refusals import Refused
from roadlens.storage import aging
from roadlens.storage.aging import AGED, Aging, age
from roadlens.storage.database import Database
from roadlens.storage.sealing import Key, seal, verify
from roadlens.storage.writes import aging as writes
from roadlens.storage.writes import audit, sign_ins
from roadlens.storage.writes.audit import Actor
from tests.support.tampering import backdate

KEY = Key(b"a secret of the tests, long enough to be one")
ADA = Actor("ada", 7, "192.0.2.7", "request-1")
SOMEBODY = Actor(audit.NOBODY, None, "198.51.100.9")
DAYS = 365
ENTRIES = "SELECT actor, address, action, actor_id, entity_id FROM audit_log WHERE action <> 'erase' ORDER BY audit_id"


async def note(database: Database) -> None:
    """A sign-in, each kind of refusal, a sign-out, and an edit."""
    async with database.write() as session:
        await sign_ins.note(session, ADA)
        for refused in Refused:
            await audit.record(session, SOMEBODY, refused, "user", "7", None, None)
        for action in ("renew hash", "sign out"):
            await audit.record(session, ADA, action, "user", "7", None, None)
        await audit.record(session, ADA, "update", "driver", "DRV-1", {"city": "A"}, {"city": "B"})


async def entries(database: Database) -> Sequence[tuple[object, ...]]:
    async with database.read() as session:
        return [tuple(row) for row in await session.tuples(ENTRIES)]


async def erasures(database: Database) -> list[tuple[str, str, object]]:
    async with database.read() as session:
        said = "SELECT actor, entity, after ->> 'entries' FROM audit_log WHERE action = 'erase' ORDER BY audit_id"
        return [(actor, entity, number) for actor, entity, number in await session.tuples(said)]


async def test_old_sign_ins_are_nobody_s_and_the_rest_stays(database: Database, database_url: str) -> None:
    await note(database)
    backdate(database_url, "now() - interval '400 days'")
    await note(database)
    await seal(database, KEY)
    head = (await verify(database, [KEY])).head
    before = await entries(database)
    assert await age(database, DAYS, actor="roadlens serve") == 5
    found = await entries(database)
    assert found[:5] == [(AGED, None, *rest) for _, _, *rest in before[:5]]
    assert found[5:] == before[5:], "the edit, and what is not as old"
    assert await erasures(database) == [("roadlens serve", "sign_ins", "5")]
    assert (await verify(database, [KEY], head)).troubles == []
    assert await age(database, DAYS, actor="roadlens serve") == 0
    assert len(await erasures(database)) == 1


@pytest.mark.parametrize(("at", "aged"), [("", 0), (" - interval '1 microsecond'", 5)])
async def test_what_is_kept_begins_with_a_day(database: Database, database_url: str, at: str, aged: int) -> None:
    await note(database)
    begins = f"(now() AT TIME ZONE 'UTC')::date - {DAYS}"
    backdate(database_url, f"({begins})::timestamp AT TIME ZONE 'UTC'{at}")
    assert await age(database, DAYS, actor="roadlens serve") == aged


async def test_many_go_bit_by_bit_and_by_one_worker(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aging, "MOST_ENTRIES", 2)
    for _ in range(3):
        await note(database)
    backdate(database_url, "now() - interval '400 days'")
    done = await asyncio.gather(*(age(database, DAYS, actor="roadlens serve") for _ in range(3)))
    more = await age(database, DAYS, actor="roadlens serve")
    assert sum(done) + more == 15
    assert sum(int(str(number)) for _, _, number in await erasures(database)) == 15


async def test_a_server_does_it_by_itself(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aging, "FIRST_S", 0.0)
    await note(database)
    backdate(database_url, "now() - interval '400 days'")
    async with Aging(database, DAYS).running(), asyncio.timeout(120):
        while not await erasures(database):  # noqa: ASYNC110 - a database has no event
            await asyncio.sleep(0.01)


async def test_to_find_them_reads_no_others(database: Database) -> None:
    await note(database)
    async with database.write() as session:
        await session.execute("SELECT set_config('enable_seqscan', 'off', true)")
        plan = await session.tuples(f"EXPLAIN {writes.OLD}", {"cutoff": date(2026, 1, 1), "most": 10})
    assert "audit_log_sign_ins_idx" in str(plan)
