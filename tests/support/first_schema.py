"""A database as the first release left it: its schema, and in it what a fleet's deliveries had made of it."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import Connection, sql
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from roadlens.scoring.parameters import DEFAULT, FORMULA_1
from roadlens.storage.address import sqlalchemy_url

# The score version that databases of the first releases were given, as far as it matters today.
FIRST_VERSION = replace(
    DEFAULT,
    formula=FORMULA_1,
    classes=(),
    gps_braking_ms2=2.2,
    gps_acceleration_ms2=2.6,
    gps_cornering_ms2=2.1,
    cornering_speed_at_least_kmh=15.0,
)
FIRST = "0001"
# In an order that foreign keys allow. Those with rows from the beginning are emptied first.
TABLES = (
    "installation", "users", "drivers", "vehicles", "devices", "device_assignments", "device_progress", "positions",
    "score_versions", "trips", "safety_events", "risk_scores", "audit_log", "driver_summary", "driver_day", "trip_day",
    "risk_histogram", "fleet_totals",
)  # fmt: skip
_COLUMNS = """
SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_PARTITIONS = """
SELECT inhrelid::regclass::text, pg_get_expr(relpartbound, inhrelid)
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'positions'::regclass
"""
_IDENTITIES = """
SELECT relname::text, attname::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE attidentity <> '' AND relnamespace = 'public'::regnamespace
"""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("roadlens.storage") / "migrations"))
    return config


def revisions() -> list[str]:
    """All, the oldest first."""
    return [step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def move_to(url: str, revision: str) -> None:
    """One step, or several, without what `serve` does beside."""
    config, engine = _config(), create_engine(sqlalchemy_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
    engine.dispose()


def copy_rows(source_url: str, target_url: str) -> dict[str, int]:
    """Copy what both have columns for; how many rows each table has. Nothing else may be in the target."""
    counts = {}
    with psycopg.connect(source_url) as source, psycopg.connect(target_url) as target:
        for name, bound in source.execute(_PARTITIONS).fetchall():
            make = sql.SQL("CREATE TABLE {} PARTITION OF positions {}")
            target.execute(make.format(sql.Identifier(name), sql.SQL(bound)))
        for table in TABLES:
            target.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            counts[table] = _copy(source, target, table)
        for table, column in target.execute(_IDENTITIES).fetchall():
            target.execute(
                sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({}, {}), (SELECT coalesce(max({}), 0) + 1 FROM {}))"
                ).format(sql.Literal(table), sql.Literal(column), sql.Identifier(column), sql.Identifier(table))
            )
    return counts


def _copy(source: Connection, target: Connection, table: str) -> int:
    columns = sql.SQL(", ").join(sql.Identifier(name) for (name,) in target.execute(_COLUMNS, (table,)).fetchall())
    name = sql.Identifier(table)
    with (
        source.cursor() as reading,
        target.cursor() as writing,
        reading.copy(sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(columns, name)) as rows,
        writing.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(name, columns)) as into,
    ):
        for data in rows:
            into.write(data)
    row = target.execute(sql.SQL("SELECT count(*) FROM {}").format(name)).fetchone()
    assert row is not None
    return int(row[0])
