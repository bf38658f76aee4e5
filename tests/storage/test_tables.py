"""The tables as SQLAlchemy sees them are those that the migrations make."""

from __future__ import annotations

import psycopg
from sqlalchemy.dialects import postgresql

from roadlens.storage.tables import metadata

# Partitions look like their table.
COLUMNS = """
SELECT relname || '.' || attname, format_type(atttypid, atttypmod), NOT attnotnull
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND attnum > 0 AND NOT attisdropped AND relname <> 'alembic_version'
"""


def plain(name: str) -> str:
    """A type's name without case and blanks after commas; a collation is not part of it."""
    return name.lower().partition(" collate")[0].replace(", ", ",")


def test_the_migrations_make_these_columns(database_url: str) -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    declared = {
        f"{table.name}.{column.name}": (plain(column.type.compile(dialect)), bool(column.nullable))
        for table in metadata.tables.values()
        for column in table.columns
    }
    with psycopg.connect(database_url) as connection:
        made = {name: (plain(kind), nullable) for name, kind, nullable in connection.execute(COLUMNS)}
    assert declared == made
    assert len(made) > 100
