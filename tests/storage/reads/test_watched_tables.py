"""The triggers of a migrated database are those that are declared, and the declaration leaves no column undecided."""

from __future__ import annotations

import pytest

from roadlens.storage import tables
from roadlens.storage.database import Database
from roadlens.storage.reads.watched_tables import WATCHED, Watched, differences


@pytest.mark.parametrize("watched", WATCHED, ids=lambda watched: watched.table)
def test_every_column_is_watched_or_left_out_for_a_reason(watched: Watched) -> None:
    columns = watched.columns.split(", ")
    assert sorted(columns + list(watched.left_out)) == sorted(tables.metadata.tables[watched.table].columns.keys())
    assert set(watched.rows.values()) <= set(columns)


async def test_all_triggers_stand(database: Database) -> None:
    async with database.read() as session:
        assert await differences(session) == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("ALTER TABLE drivers DISABLE TRIGGER note_updated", "drivers note_updated: enabled is D, must be A"),
        ("ALTER TABLE cache_note ENABLE TRIGGER bump", "cache_note bump: enabled is O, must be A"),
        ("DROP TRIGGER note_truncated ON users", "users note_truncated: is missing"),
        (
            "CREATE TRIGGER more AFTER TRUNCATE ON trips FOR EACH STATEMENT EXECUTE FUNCTION roadlens_note_users()",
            "trips more: must not be there",
        ),
    ],
)
async def test_what_was_tampered_with_is_named(database: Database, statement: str, told: str) -> None:
    async with database.write() as session:
        await session.execute(statement)
    async with database.read() as session:
        assert [str(found) for found in await differences(session)] == [f"triggers {told}"]


async def test_a_function_that_compares_other_columns_is_named(database: Database) -> None:
    async with database.write() as session:
        source = await session.value("SELECT pg_get_functiondef('roadlens_note_score_versions'::regproc)")
        await session.execute(source.replace(", active", "").replace(":", r"\:"))
    async with database.read() as session:
        found = await differences(session)
    assert len(found) == 4
    assert all("columns is version, parameters, created_at" in str(difference) for difference in found)
