"""What PostgreSQL's failures are called, each made by a real one."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from roadlens.errors import DatabaseUnavailable
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.failures import Failure
from roadlens.storage.watching import FailureObserver

NO_ID = "INSERT INTO vehicles (vehicle_id) VALUES (NULL)"


@pytest.mark.parametrize(
    ("statements", "kind"),
    [
        ([NO_ID], Failure.REFUSED),
        (["SET LOCAL statement_timeout = 1", "SELECT pg_sleep(10)"], Failure.CANCELLED),
        (["SELECT no_such_column FROM drivers"], Failure.OTHER),
        (["SELECT 1 FROM no_such_table"], Failure.AWAY),
        (["SELECT pg_terminate_backend(pg_backend_pid())"], Failure.AWAY),
    ],
)
async def test_each_statement_that_fails_is_told_once(database: Database, statements: list[str], kind: Failure) -> None:
    async def run(session: WriteSession) -> None:
        for statement in statements:
            await session.execute(statement)

    failures: list[Failure] = []
    stop = database.observe_failures(failures.append)
    with pytest.raises((DBAPIError, DatabaseUnavailable)):
        await database.retrying(run)
    stop()
    assert failures == [kind]


async def test_a_database_that_cannot_be_reached() -> None:
    nowhere = Database.open("postgresql://nobody@127.0.0.1:1/nothing")
    failures: list[Failure] = []
    remember: FailureObserver = failures.append
    nowhere.observe_failures(remember)
    with pytest.raises(DatabaseUnavailable):
        async with nowhere.read() as session:
            await session.value("SELECT 1")
    await nowhere.close()
    assert failures == [Failure.AWAY]
