"""One rebuild of a version at a time: whoever comes second is told what to do, and whoever is killed blocks nobody."""

from __future__ import annotations

import asyncio
import sys

import psycopg
import pytest

from roadlens.errors import Conflict, DatabaseUnavailable
from roadlens.storage import one_rebuild
from roadlens.storage.database import Database
from roadlens.storage.one_rebuild import alone

HOLDING = """
import asyncio, sys
from roadlens.storage.one_rebuild import alone

async def main():
    async with alone(sys.argv[1], 2):
        print("held", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_the_second_is_refused_and_told_who_the_first_is(database_url: str) -> None:
    async with alone(database_url, 2) as held:
        with pytest.raises(Conflict, match=r"rebuilds version 2 already, since 20.* \(process \d+ of.*Ctrl-C"):
            async with alone(database_url, 2):
                raise AssertionError
        await held.check()
        async with alone(database_url, 3):  # another version is another matter
            pass
    async with alone(database_url, 2):
        pass


async def test_whoever_is_killed_leaves_nothing(database_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDING, database_url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    with pytest.raises(Conflict):
        async with alone(database_url, 2):
            raise AssertionError
    process.kill()
    await process.wait()
    async with alone(database_url, 2):
        pass


async def test_who_has_lost_the_connection_is_told(database_url: str) -> None:
    async with alone(database_url, 2) as held:
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'roadlens rebuild alone' AND datname = current_database()"
            )
        with pytest.raises(DatabaseUnavailable):
            await held.check()


async def test_a_transaction_sees_it_and_keeps_it_away(database: Database, database_url: str) -> None:
    async with alone(database_url, 2), database.write() as session:
        assert await one_rebuild.held(session, 2)
        assert not await one_rebuild.held(session, 3)
    async with database.write() as session:
        assert not await one_rebuild.held(session, 2)
        with pytest.raises(Conflict, match="since"):
            async with alone(database_url, 2):
                raise AssertionError


async def test_an_address_where_nobody_is() -> None:
    with pytest.raises(DatabaseUnavailable):
        async with alone("postgresql://nobody@127.0.0.1:9/nothing", 2):
            raise AssertionError
