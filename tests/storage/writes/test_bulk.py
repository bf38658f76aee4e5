"""Tables that are filled at once have their keys, references and indexes again afterwards, and after a failure too."""

from __future__ import annotations

from typing import Any

import pytest

from roadlens.storage.database import Database
from roadlens.storage.writes import bulk

TABLES = ("trips", "safety_events", "driver_day")
DEFINED = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
UNION ALL
SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid FROM pg_index
ORDER BY 1, 2, 3
"""
OF_TABLES = "SELECT count(*) FROM pg_index WHERE indrelid = ANY(cast(:tables AS regclass[]))"


async def defined(database: Database) -> list[tuple[Any, ...]]:
    async with database.read() as session:
        return await session.tuples(DEFINED)


async def test_all_of_it_is_back(database: Database) -> None:
    before = await defined(database)
    async with database.write() as session:
        async with bulk.unindexed(session, TABLES):
            assert await session.value(OF_TABLES, {"tables": list(TABLES)}) == 0
        assert await session.value(OF_TABLES, {"tables": list(TABLES)}) > 5
    assert await defined(database) == before


async def test_who_is_interrupted_leaves_it_as_it_was(database: Database) -> None:
    before = await defined(database)
    with pytest.raises(ZeroDivisionError):
        async with database.write() as session, bulk.unindexed(session, TABLES):
            raise ZeroDivisionError
    assert await defined(database) == before
