"""Brings a database to the newest schema, one process at a time, and says what timezone its days are in."""

from __future__ import annotations

import json
import time
from importlib import resources

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from roadlens.errors import DatabaseUnavailable, SetupError
from roadlens.storage.change_feed.settling import WAIT_S
from roadlens.storage.database import sqlalchemy_url

# Any two processes that migrate at once meet at this advisory lock. The number is the word "roadlens" in ASCII, cut.
MIGRATION_LOCK = 0x726F61646C656E73 >> 1
OLDEST_POSTGRESQL = 150000


def upgrade(url: str, timezone: str, parameters: dict[str, object]) -> str:
    """Apply every step that is missing, and write the installation's row and first score version into a new database.

    Args:
        url: address of the database.
        timezone: IANA name; fixed in a new database, compared with an older one.
        parameters: scoring parameters to be version 1 where there is none.

    Returns:
        The revision that the database now has.

    Raises:
        DatabaseUnavailable: there is no database at that address.
        SetupError: PostgreSQL is too old, the schema is newer than this program, or the time zone is another one.
    """
    engine = create_engine(
        sqlalchemy_url(url),
        poolclass=NullPool,
        connect_args={"application_name": "roadlens migrate", "connect_timeout": 5},
    )
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
            connection.commit()
            return _upgrade(connection, timezone, parameters)
    except OperationalError as error:
        raise DatabaseUnavailable(f"The database cannot be reached: {error.orig}".strip()) from error
    finally:
        engine.dispose()


def head() -> str:
    """The newest revision that this program knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None
    return newest


def _upgrade(connection: Connection, timezone: str, parameters: dict[str, object]) -> str:
    version = connection.execute(text("SELECT current_setting('server_version_num')::int")).scalar_one()
    if version < OLDEST_POSTGRESQL:
        raise SetupError(f"Roadlens needs PostgreSQL 15 or newer; this one is {version // 10000}.")
    config = _config()
    _refuse_newer(connection, ScriptDirectory.from_config(config))
    config.attributes["connection"] = connection
    before = _revision(connection)
    command.upgrade(config, "head")
    moved = before != head()
    _account(connection, before)
    if moved:
        # What was kept under the schema before may look different under this one.
        connection.execute(text("SELECT roadlens_raise_tags('{everything}')"))
    connection.execute(
        text("INSERT INTO installation (timezone) VALUES (:zone) ON CONFLICT DO NOTHING"), {"zone": timezone}
    )
    connection.execute(
        text(
            "INSERT INTO score_versions (version, parameters, active) "
            "SELECT 1, cast(:parameters AS jsonb), true WHERE NOT EXISTS (SELECT FROM score_versions)"
        ),
        {"parameters": json.dumps(parameters)},
    )
    stored = connection.execute(text("SELECT timezone FROM installation")).scalar_one()
    connection.commit()
    if moved and connection.execute(text("SELECT EXISTS (SELECT FROM cache_worker)")).scalar_one():
        # Whoever is trusted a whole lease from now has heard of it (docs/change-feed.md).
        time.sleep(WAIT_S)
    if stored != timezone:
        raise SetupError(
            f"This database counts its days in {stored}, but ROADLENS_TIMEZONE is {timezone}. Days of stored trips "
            f"cannot move: set ROADLENS_TIMEZONE={stored}, or import into a new database."
        )
    return head()


def _account(connection: Connection, before: str | None) -> None:
    """Note in the log that the schema has moved; in a new database nothing has changed yet."""
    if before is None:
        connection.execute(text("SELECT set_config('roadlens.accounted', pg_current_xact_id()::text, true)"))
    elif before != head():
        connection.execute(
            text(
                "INSERT INTO audit_log (actor, action, entity, entity_id, before, after) VALUES ('roadlens migrate', "
                "'upgrade', 'schema', :head, jsonb_build_object('revision', cast(:before AS text)), "
                "jsonb_build_object('revision', cast(:head AS text)))"
            ),
            {"before": before, "head": head()},
        )


def _revision(connection: Connection) -> str | None:
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _refuse_newer(connection: Connection, scripts: ScriptDirectory) -> None:
    current = _revision(connection)
    if current is not None and current not in {step.revision for step in scripts.walk_revisions()}:
        raise SetupError(
            f"The database has schema {current}, which this version of Roadlens does not know: it was upgraded by a "
            "newer one. Install that version, or restore a backup from before the upgrade."
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("roadlens.storage") / "migrations"))
    return config
