"""The log only grows, and shows it when somebody has made it look otherwise."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from roadlens.storage import sealing
from roadlens.storage.database import Database
from roadlens.storage.sealing import Key, seal, verify
from roadlens.storage.writes import audit, erasure
from roadlens.storage.writes.audit import Actor
from tests.support.tampering import tamper

KEY = Key(b"a secret of the tests, long enough to be one")
ADA = Actor("ada", 7, "192.0.2.7")


async def note(database: Database, *ids: str) -> list[int]:
    async with database.write() as session:
        return [
            await audit.record(session, ADA, "update", "driver", each, {"city": "A"}, {"city": "B"}) for each in ids
        ]


async def troubles(database: Database, head: str | None = None) -> list[str]:
    return (await verify(database, [KEY], head)).troubles


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'bo'",
        "UPDATE audit_log SET after = NULL, what_salt = NULL",
        "UPDATE audit_log SET erased_by = audit_id, actor = 'erased-1', address = NULL, who_salt = NULL",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "SET session_replication_role = replica; DELETE FROM audit_log",
        "UPDATE audit_seals SET entries = 0",
        "DELETE FROM audit_seals",
        "TRUNCATE audit_seals",
    ],
)
async def test_the_database_refuses_all_but_to_add(database: Database, database_url: str, statement: str) -> None:
    await note(database, "DRV-1")
    await seal(database, KEY)
    with (
        psycopg.connect(database_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="only grows"),
    ):
        connection.execute(statement)


async def test_nobody_chooses_when_an_entry_was_made(database: Database, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO audit_log (at, actor, action, entity, entity_id, who_digest, what_digest, erased_by) "
            "VALUES ('2001-01-01', 'ada', 'update', 'driver', 'DRV-1', '', '', 1)"
        )
    async with database.read() as session:
        (row,) = await session.tuples("SELECT at > '2020-01-01', erased_by FROM audit_log")
    assert row == (True, None)
    await seal(database, KEY)
    assert await troubles(database) == []


async def test_values_go_only_beside_an_entry_that_says_so(database: Database) -> None:
    about, other = await note(database, "DRV-1", "DRV-2")
    await seal(database, KEY)
    with pytest.raises(Exception, match="only grows"):
        async with database.write() as session:
            await erasure.empty(session, other, erasure.Entries([], [about], [about]), "erased-1")
    async with database.write() as session:
        said = await audit.record(session, ADA, "erase", "driver", "erased-1", None, None)
        await erasure.empty(session, said, erasure.Entries([], [about], [about]), "erased-1")
    with pytest.raises(Exception, match="only grows"):
        # The entry of an earlier transaction is no leave to forget more.
        async with database.write() as session:
            await erasure.empty(session, said, erasure.Entries([about], [], []), "erased-1")
    assert await troubles(database) == [], "what was forgotten is still what was sealed"


# As an erasure leaves an entry.
ERASED = "erased_by = (SELECT audit_id FROM audit_log WHERE action = 'erase')"
WHO = f"{ERASED}, address = NULL, who_salt = NULL"

TAMPERED = {
    "UPDATE audit_log SET after = '{}' WHERE entity_id = 'DRV-2'": "Entry",
    "UPDATE audit_log SET actor = 'bo' WHERE entity_id = 'DRV-2'": "Entry",
    "UPDATE audit_log SET action = 'delete' WHERE entity_id = 'DRV-2'": "are not those",
    "DELETE FROM audit_log WHERE entity_id = 'DRV-2'": "there are 3",
    "UPDATE audit_log SET after = NULL, what_salt = NULL WHERE entity_id = 'DRV-2'": "Entry",
    # What an erasure leaves is a name of nobody and no values: anything else is a forgery, whatever it says.
    f"UPDATE audit_log SET actor = 'bo', {WHO} WHERE entity_id = 'DRV-2'": "Entry",
    f"UPDATE audit_log SET {ERASED}, before = NULL, after = NULL, what_salt = NULL WHERE entity_id = 'DRV-2'": "Entry",
    f"UPDATE audit_log SET {ERASED}, after = '{{}}', what_salt = NULL WHERE entity_id = 'DRV-2'": "Entry",
}


@pytest.mark.parametrize(("statement", "said"), TAMPERED.items())
async def test_what_was_tampered_with_shows(database: Database, database_url: str, statement: str, said: str) -> None:
    about, _, _ = await note(database, "DRV-1", "DRV-2", "DRV-3")
    async with database.write() as session:
        erased = await audit.record(session, ADA, "erase", "driver", "erased-1", None, {"audit_entries": 2})
        await erasure.empty(session, erased, erasure.Entries([], [about], [about]), "erased-1")
    assert await seal(database, KEY) == 4
    assert await troubles(database) == []
    tamper(database_url, statement)
    (found,) = await troubles(database)
    assert said in found


async def test_an_erasure_is_no_leave_to_empty_more_afterwards(database: Database, database_url: str) -> None:
    about, _ = await note(database, "DRV-1", "DRV-2")
    async with database.write() as session:
        said = await audit.record(session, ADA, "erase", "driver", "erased-1", None, {"audit_entries": 1})
        await erasure.empty(session, said, erasure.Entries([], [about], [about]), "erased-1")
    await seal(database, KEY)
    assert await troubles(database) == []
    emptied = "entity_id = 'erased-1', before = NULL, after = NULL, what_salt = NULL"
    tamper(database_url, f"UPDATE audit_log SET {ERASED}, {emptied} WHERE entity_id = 'DRV-2'")
    (found,) = await troubles(database)
    assert f"Erasure {said} said that it emptied 1 entries; there are 2" in found


async def test_who_computes_all_digests_anew_cannot_sign(database: Database, database_url: str) -> None:
    await note(database, "DRV-1", "DRV-2", "DRV-3")
    await seal(database, KEY)
    tamper(
        database_url,
        "ALTER TABLE audit_seals DISABLE TRIGGER USER",
        "DELETE FROM audit_log WHERE entity_id = 'DRV-2'",
        "UPDATE audit_seals SET entries = 2, chain = (SELECT sha256(string_agg(roadlens_audit_line(entry), '' ORDER BY "
        "audit_id)) FROM audit_log AS entry)",
        "ALTER TABLE audit_seals ENABLE ALWAYS TRIGGER stands, ENABLE ALWAYS TRIGGER stands_whole",
    )
    (found,) = await troubles(database)
    assert "signature of seal 1" in found


async def test_an_end_that_was_cut_off_shows_to_who_kept_the_head(database: Database, database_url: str) -> None:
    await note(database, "DRV-1")
    await seal(database, KEY)
    await note(database, "DRV-2")
    await seal(database, KEY)
    head = (await verify(database, [KEY])).head
    assert await troubles(database, head) == []
    tamper(
        database_url,
        "ALTER TABLE audit_seals DISABLE TRIGGER USER",
        "DELETE FROM audit_log WHERE entity_id = 'DRV-2'",
        "DELETE FROM audit_seals WHERE seal_id = 2",
        "ALTER TABLE audit_seals ENABLE ALWAYS TRIGGER stands, ENABLE ALWAYS TRIGGER stands_whole",
    )
    assert await troubles(database) == []
    assert [f"There is no seal {head}" in said for said in await troubles(database, head)] == [True]


@pytest.mark.parametrize("trigger", ["audit_log stands", "audit_log entry", "cache_note account_for"])
async def test_a_guard_that_is_off_shows(database: Database, database_url: str, trigger: str) -> None:
    table, name = trigger.split()
    with psycopg.connect(database_url) as connection:
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")
    (found,) = await troubles(database)
    assert trigger in found


async def test_another_secret_seals_on_and_says_what_it_cannot_check(database: Database) -> None:
    former = Key(b"the secret of before")
    for key in (former, former, KEY, former):  # the last one by a server that is not started again yet
        await note(database, "DRV-1")
        await seal(database, key)
    verdict = await verify(database, [KEY])
    assert (verdict.troubles, verdict.unsigned, verdict.entries) == ([], [(1, 2), (4, 4)], 4)
    verdict = await verify(database, [KEY, former])
    assert (verdict.troubles, verdict.unsigned) == ([], [])


async def test_a_former_secret_shows_who_signed_with_neither(database: Database, database_url: str) -> None:
    """Somebody who knows the former key's name, which stands in the database, and not the key."""
    former = Key(b"the secret of before")
    await note(database, "DRV-1")
    await seal(database, former)
    tamper(
        database_url,
        "ALTER TABLE audit_seals DISABLE TRIGGER USER",
        "UPDATE audit_seals SET signature = sha256(signature)",
        "ALTER TABLE audit_seals ENABLE ALWAYS TRIGGER stands, ENABLE ALWAYS TRIGGER stands_whole",
    )
    assert (await verify(database, [KEY])).troubles == [], "nobody here can tell"
    (found,) = (await verify(database, [KEY, former])).troubles
    assert "signature of seal 1" in found


async def test_an_entry_under_way_is_waited_for_and_never_left_out(database: Database) -> None:
    """One with a lower id commits after one with a higher."""
    async with database.write() as early:
        await audit.record(early, ADA, "update", "driver", "DRV-1", None, None)
        await note(database, "DRV-2")
        assert await seal(database, KEY) == 0, "nobody knows yet what lies below"
    assert await seal(database, KEY) == 2
    assert await troubles(database) == []


async def test_many_seal_at_once_and_a_seal_has_so_many_entries(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "MOST_ENTRIES", 4)
    await note(database, *[f"DRV-{number}" for number in range(10)])
    assert sum(await asyncio.gather(*(seal(database, KEY) for _ in range(4)))) == 10
    verdict = await verify(database, [KEY])
    assert (verdict.entries, verdict.open, verdict.troubles) == (10, 0, [])


async def test_a_role_that_may_only_add_can_seal_and_forget(database: Database, database_url: str) -> None:
    """All of it, the role too, is rolled back."""
    (about,) = await note(database, "DRV-1")
    with psycopg.connect(database_url) as connection:
        for statement in (
            "CREATE ROLE roadlens_that_only_adds",
            "GRANT SELECT, INSERT ON audit_log, audit_seals TO roadlens_that_only_adds",
            "GRANT EXECUTE ON FUNCTION roadlens_audit_forget, roadlens_audit_final_id TO roadlens_that_only_adds",
            "SET LOCAL ROLE roadlens_that_only_adds",
        ):
            connection.execute(statement)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"), connection.transaction():
            connection.execute("UPDATE audit_log SET after = NULL")
        assert connection.execute("SELECT roadlens_audit_final_id()").fetchone() == (about,)
        said = connection.execute(
            "INSERT INTO audit_log (actor, action, entity, entity_id) VALUES ('ada', 'erase', 'driver', 'erased-1') "
            "RETURNING audit_id"
        ).fetchone()
        assert said is not None
        forget = "SELECT roadlens_audit_forget(%s, '{}', %s, %s, 'erased-1')"
        assert connection.execute(forget, [said[0], [about], [about]]).fetchone() == (1,)
        connection.rollback()
