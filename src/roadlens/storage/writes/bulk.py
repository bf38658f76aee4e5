"""Fills whole tables in one transaction: indexes and constraints go before, and come back after as they were.

All of it is undone together when the transaction is: who is interrupted finds the tables as they were.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from roadlens.storage.database import WriteSession

# References go first, for they lean on keys, and come back last.
_CONSTRAINTS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
FROM pg_constraint WHERE conrelid = ANY(cast(:tables AS regclass[])) AND contype IN ('f', 'p')
ORDER BY contype = 'p', conrelid, conname
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
FROM pg_index WHERE indrelid = ANY(cast(:tables AS regclass[])) AND NOT indisprimary
ORDER BY indrelid, indexrelid
"""

_SORT_IN = """
SELECT gin_clean_pending_list(indexrelid)
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
WHERE amname = 'gin' AND indrelid = ANY(cast(:tables AS regclass[]))
"""

# For this transaction alone: sorts for indexes and sums of millions of rows.
_MEMORY = "SELECT set_config('maintenance_work_mem', '512MB', true), set_config('work_mem', '128MB', true)"


async def hold(session: WriteSession, tables: Sequence[str]) -> None:
    """Wait until nobody uses the tables; nobody else reads or writes them until the transaction ends."""
    await session.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")


@asynccontextmanager
async def unindexed(session: WriteSession, tables: Sequence[str]) -> AsyncIterator[None]:
    """Empty the tables, and keep them without keys, references and indexes in the block, with nobody else at them.

    Other tables may not refer to them.
    """
    await hold(session, tables)
    await session.tuples(_MEMORY)
    await session.execute(f"TRUNCATE {', '.join(tables)}")
    constraints = await session.tuples(_CONSTRAINTS, {"tables": list(tables)})
    indexes = await session.tuples(_INDEXES, {"tables": list(tables)})
    for table, name, _ in constraints:
        await session.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        await session.execute(f"DROP INDEX {name}")
    yield
    for table, name, definition in reversed(constraints):
        await session.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {_literal(definition)}")
    for _, definition in indexes:
        await session.execute(_literal(definition))
    await analyse(session, tables)


async def analyse(session: WriteSession, tables: Sequence[str]) -> None:
    """Let the planner know what is in the tables now, rather than when PostgreSQL comes around to them.

    A GIN index puts new rows on a list of their own first, which every search reads whole until they are sorted in.
    """
    await session.tuples(_SORT_IN, {"tables": list(tables)})
    await session.execute(f"ANALYZE {', '.join(tables)}")


def _literal(definition: str) -> str:
    """A text in which SQLAlchemy sees no parameters."""
    return definition.replace(":", "\\:")
