"""Brings a database to the newest schema, one process at a time, while others go on using it (docs/migrations.md)."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from functools import partial
from importlib import resources
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.pool import NullPool

from roadlens.errors import DatabaseUnavailable, Overloaded, SetupError
from roadlens.storage.address import sqlalchemy_url
from roadlens.storage.change_feed.settling import WAIT_S

# Any two processes that migrate at once meet at this advisory lock. The number is the word "roadlens" in ASCII, cut.
MIGRATION_LOCK = 0x726F61646C656E73 >> 1
OLDEST_POSTGRESQL = 150000

# Milliseconds that a step waits for a lock. Everybody who comes later waits behind it, so it gives up and tries again.
LOCK_TIMEOUT_MS: Final = 1000
# Seconds between two tries, in which those go on; and tries of all steps together, five minutes or so.
PAUSE_S: Final = 1.0
ATTEMPTS: Final = 150
_NOT_IN_TIME: Final = "55P03"  # lock_not_available (PostgreSQL manual, appendix A)
_LOOK_EVERY_S: Final = 0.1

logger = logging.getLogger(__name__)


class GivenUp(Exception):
    """Whoever wanted the schema wants it no more. Steps that were made stay."""


def upgrade(url: str, timezone: str, parameters: dict[str, object], given_up: threading.Event | None = None) -> str:
    """Apply every step that is missing, and write the installation's row and first score version into a new database.

    Args:
        url: address of the database.
        timezone: IANA name; fixed in a new database, compared with an older one.
        parameters: scoring parameters to be version 1 where there is none.
        given_up: set by another thread to wait for nobody any more; a step under way is finished.

    Returns:
        The revision that the database now has.

    Raises:
        DatabaseUnavailable: there is no database at that address.
        GivenUp: `given_up` was set.
        Overloaded: somebody held on to what a step has to change. The steps before it are made.
        SetupError: PostgreSQL is too old, the schema is newer than this program and does not say that it may use it,
            or the time zone is another one.
    """
    given_up = given_up or threading.Event()
    engine = create_engine(
        sqlalchemy_url(url),
        poolclass=NullPool,
        connect_args={"application_name": "roadlens migrate", "connect_timeout": 5},
    )
    try:
        with engine.connect() as connection:
            _notice_its_end(connection)
            _wait_for_turn(connection, given_up)
            return _upgrade(connection, timezone, parameters, given_up)
    except OperationalError as error:
        raise DatabaseUnavailable(f"The database cannot be reached: {error.orig}".strip()) from error
    finally:
        engine.dispose()


async def brought_up_to_date(url: str, timezone: str, parameters: dict[str, object]) -> None:
    """As `upgrade`, beside the event loop. Who is cancelled waits for nobody; the process would for its thread."""
    given_up = threading.Event()
    try:
        await asyncio.to_thread(upgrade, url, timezone, parameters, given_up)
    finally:
        given_up.set()


def head() -> str:
    """The newest revision that this program knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None
    return newest


def _notice_its_end(connection: Connection) -> None:
    """Have PostgreSQL undo a step whose process has gone, and not at the end of a statement of minutes: until then its
    locks are held, and whoever else wants the schema waits.
    """
    try:
        connection.execute(text("SET client_connection_check_interval = '1s'"))
    except DataError:
        connection.rollback()  # a server on Windows cannot look
    else:
        connection.commit()


def _wait_for_turn(connection: Connection, given_up: threading.Event) -> None:
    """Hold the lock from here on. A statement that waited for it would have a snapshot, and an index that is made
    beside those who write waits for each snapshot that is older: two servers would wait for each other.
    """
    said = False
    while not connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK}).scalar_one():
        connection.commit()
        if not said:
            logger.info("Another process brings the database to its schema; waiting for it")
            said = True
        _rest(_LOOK_EVERY_S, given_up)
    connection.commit()


def _rest(seconds: float, given_up: threading.Event) -> None:
    if given_up.wait(seconds):
        raise GivenUp


def _upgrade(connection: Connection, timezone: str, parameters: dict[str, object], given_up: threading.Event) -> str:
    version = connection.execute(text("SELECT current_setting('server_version_num')::int")).scalar_one()
    if version < OLDEST_POSTGRESQL:
        raise SetupError(f"Roadlens needs PostgreSQL 15 or newer; this one is {version // 10000}.")
    config = _config()
    before = _revision(connection)
    if before is None or before in {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}:
        _make_steps(connection, config, before, given_up)
    else:
        _accept_newer(connection, before)
    now = _revision(connection)
    assert now is not None
    if before is None:
        _nothing_to_note(connection)
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
    if before != now and connection.execute(text("SELECT EXISTS (SELECT FROM cache_worker)")).scalar_one():
        # Whoever is trusted a whole lease from now has heard of it (docs/change-feed.md).
        time.sleep(WAIT_S)
    if stored != timezone:
        raise SetupError(
            f"This database counts its days in {stored}, but ROADLENS_TIMEZONE is {timezone}. Days of stored trips "
            f"cannot move: set ROADLENS_TIMEZONE={stored}, or import into a new database."
        )
    return now


def _make_steps(connection: Connection, config: Config, before: str | None, given_up: threading.Event) -> None:
    """Each step in a transaction of its own, and none in the way of others for long."""
    config.attributes |= {"connection": connection, "on_step": (partial(_complete, before),)}
    connection.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
    for attempt in range(1, ATTEMPTS + 1):
        connection.commit()
        try:
            command.upgrade(config, "head")
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _NOT_IN_TIME:
                raise
            connection.rollback()
            if attempt == ATTEMPTS:
                raise Overloaded(
                    f"The database cannot be brought to schema {head()}: somebody uses what has to change, and did not "
                    "let go of it in five minutes. pg_stat_activity shows transactions that stay open. Try again then."
                ) from error
            logger.warning("A step of the schema waits for a lock that somebody holds; it is tried again")
            _rest(PAUSE_S, given_up)
        else:
            break
    connection.execute(text("RESET lock_timeout"))


def _complete(before: str | None, *, ctx: Any, heads: set[str], **_: Any) -> None:
    """In the last step's transaction: note in the log that the schema moved, and make stale what was kept before."""
    if head() not in heads:
        return
    # It may look different under this schema.
    ctx.connection.execute(text("SELECT roadlens_raise_tags('{everything}')"))
    if before is None:
        _nothing_to_note(ctx.connection)
    else:
        ctx.connection.execute(
            text(
                "INSERT INTO audit_log (actor, action, entity, entity_id, before, after) VALUES ('roadlens migrate', "
                "'upgrade', 'schema', :head, jsonb_build_object('revision', cast(:before AS text)), "
                "jsonb_build_object('revision', cast(:head AS text)))"
            ),
            {"before": before, "head": head()},
        )


def _nothing_to_note(connection: Connection) -> None:
    """In a new database nothing has changed yet: this transaction needs no entry in the log."""
    connection.execute(text("SELECT set_config('roadlens.accounted', pg_current_xact_id()::text, true)"))


def _accept_newer(connection: Connection, current: str) -> None:
    """Go on with a schema that a newer release has made, if that one says so.

    Raises:
        SetupError: it does not.
    """
    known = connection.execute(text("SELECT to_regclass('schema_support')")).scalar() is not None
    oldest = connection.execute(text("SELECT oldest FROM schema_support")).scalar() if known else None
    # Revisions are numbers that only rise.
    if oldest is None or int(oldest) > int(head()):
        raise SetupError(
            f"The database has schema {current}, which this version of Roadlens does not know: it was upgraded by a "
            "newer one. Install that version, or restore a backup from before the upgrade."
        )
    logger.warning(
        "The database has schema %s of a newer release, which releases from %s on may use; this one is %s",
        *(current, oldest, head()),
    )


def _revision(connection: Connection) -> str | None:
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("roadlens.storage") / "migrations"))
    return config
