"""A new schema makes stale what was kept under the one before; the same schema once more does not."""

from __future__ import annotations

from importlib import resources
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.address import sqlalchemy_url
from roadlens.storage.migrate import head, upgrade
from tests.support.postgres import EMPTY, Server


def downgrade(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(resources.files("roadlens.storage") / "migrations"))
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()


def everything(url: str) -> Any:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT counter, nonce FROM cache_tag WHERE tag = 'everything'").fetchone()


def test_a_moved_schema_raises_everything(postgres: Server) -> None:
    with postgres.copy_of(EMPTY) as url, postgres.copy_of(EMPTY) as other:
        for address in (url, other):
            upgrade(address, "UTC", DEFAULT.as_dict())
        counter, nonce = everything(url)
        # 1 is what the table was made with; the last step and, in a new database, the installation's row raise it.
        assert counter == 3
        assert everything(other) != (counter, nonce)
        upgrade(url, "UTC", DEFAULT.as_dict())
        assert everything(url) == (counter, nonce)


def test_so_does_an_older_installation_s(postgres: Server) -> None:
    """Nothing but the schema changes there."""
    with postgres.copy_of(EMPTY) as url:
        upgrade(url, "UTC", DEFAULT.as_dict())
        downgrade(url, "0004")
        upgrade(url, "UTC", DEFAULT.as_dict())
        counter, _ = everything(url)
        assert counter == 2


def test_retention_s_migration_changes_one_column_and_what_the_feed_compares_and_goes_back(postgres: Server) -> None:
    source = "SELECT prosrc, proconfig, prosecdef FROM pg_proc WHERE proname = 'roadlens_note_installation'"
    columns = (
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 'installation'::regclass AND attname = 'positions_from'"
    )

    def seen(url: str) -> tuple[Any, Any]:
        with psycopg.connect(url) as connection:
            return connection.execute(source).fetchall(), connection.execute(columns).fetchone()

    with postgres.copy_of(EMPTY) as url:
        upgrade(url, "UTC", DEFAULT.as_dict())
        [(new, *config)], count = after = seen(url)
        assert (new.count("SELECT timezone, positions_from FROM"), count) == (6, (1,))
        downgrade(url, "0007")
        [(old, *configured)], count = seen(url)
        assert (old, count) == (new.replace(", positions_from", ""), (0,))
        assert configured == config
        upgrade(url, "UTC", DEFAULT.as_dict())
        assert seen(url)[0] == after[0]


def test_a_moved_schema_is_noted_and_entries_of_before_have_digests(postgres: Server) -> None:
    made = "INSERT INTO audit_log (actor, action, entity, entity_id) VALUES ('ada', 'update', 'driver', 'DRV-1')"
    with postgres.copy_of(EMPTY) as url:
        upgrade(url, "UTC", DEFAULT.as_dict())
        downgrade(url, "0009")
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM audit_log").fetchone() == (0,), "nothing has changed yet"
            connection.execute(made)
        upgrade(url, "UTC", DEFAULT.as_dict())
        with psycopg.connect(url) as connection:
            found = connection.execute(
                "SELECT actor, action, after, who_digest = roadlens_audit_who(entry) "
                "AND what_digest = roadlens_audit_what(entry) FROM audit_log AS entry ORDER BY audit_id"
            ).fetchall()
        assert found == [
            ("ada", "update", None, True),
            ("roadlens migrate", "upgrade", {"revision": head()}, True),
        ]
