"""Sessions begin as they must, by the connection's own word or by the role's."""

from __future__ import annotations

import psycopg
import pytest

from roadlens.errors import SetupError
from roadlens.storage.database import Database
from roadlens.storage.session_defaults import DEFAULTS, connect_args


async def test_a_session_of_ours_has_them(database: Database) -> None:
    async with database.read() as session:
        found = {name: await session.value(f"SELECT current_setting('{name}')") for name in DEFAULTS}
    assert found == {"timezone": "UTC", "idle_in_transaction_session_timeout": "2min", "lock_timeout": "1min"}


def test_through_a_pooler_nothing_lasts_longer_than_a_transaction() -> None:
    arguments = connect_args("roadlens test", pooled=True)
    assert "options" not in arguments
    assert arguments["prepare_threshold"] is None


async def test_behind_a_pooler_the_role_must_give_them(database_url: str) -> None:
    pooled = Database.open(database_url, pooled=True)
    with pytest.raises(SetupError, match="lack what Roadlens sets on its own") as refused:
        await pooled.check_pooler()
    statements = refused.value.detail.partition("database: ")[2].partition(" Then")[0]
    with psycopg.connect(database_url, autocommit=True) as connection:
        (name,) = connection.execute("SELECT current_database()").fetchone() or ()
        for statement in statements.rstrip(";").split(";"):  # of this database alone: other tests have the same role
            connection.execute(statement.replace(" SET ", f" IN DATABASE {name} SET "))
    await pooled.close()
    await pooled.check_pooler()
    await pooled.close()


async def test_without_a_pooler_nothing_is_asked_of_the_role(database: Database) -> None:
    await database.check_pooler()
