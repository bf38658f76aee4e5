"""Who watches sees each statement, also those that pass SQLAlchemy by."""

from __future__ import annotations

import psycopg
import pytest

from roadlens.storage.database import Database, WriteSession
from roadlens.storage.failures import Failure
from tests.support import fleet

COPY = "COPY copied FROM STDIN"


async def test_a_copy_is_seen_with_its_time(database: Database) -> None:
    seen: list[tuple[str, float]] = []
    async with database.write() as session:
        await session.execute("CREATE TEMPORARY TABLE copied (number int)")
        stop = database.observe(lambda statement, seconds: seen.append((statement, seconds)))
        await session.copy_in(COPY, b"1\n2\n")
        stop()
        assert await session.value("SELECT sum(number) FROM copied") == 3
    ((statement, seconds),) = seen
    assert statement == COPY
    assert seconds > 0


async def test_a_copy_that_fails_is_a_failure_and_no_statement_that_was_run(database: Database) -> None:
    seen: list[str] = []
    failures: list[Failure] = []
    database.observe(lambda statement, _seconds: seen.append(statement))
    database.observe_failures(failures.append)

    async def copy(session: WriteSession) -> None:
        await session.execute("CREATE TEMPORARY TABLE copied (number int)")
        await session.copy_in(COPY, b"one\n")

    with pytest.raises(psycopg.Error, match="invalid input syntax"):
        await database.retrying(copy)
    assert failures == [Failure.OTHER]
    assert COPY not in seen


async def test_positions_are_copied_in(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    seen: list[str] = []
    database.observe(lambda statement, _seconds: seen.append(statement))
    await fleet.deliver(ingest, "A", [fleet.fix(second) for second in range(3)])
    assert sum(statement.startswith("COPY") for statement in seen) == 1
