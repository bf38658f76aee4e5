"""A switch to another version as a command: killed in the middle, it has changed nothing and keeps nobody waiting."""

from __future__ import annotations

import asyncio
import time
from asyncio.subprocess import DEVNULL
from pathlib import Path

import psycopg

from roadlens.storage.database import Database
from tests.support import fleet
from tests.support.installation import ROADLENS, Installation
from tests.support.score_versions import rebuild
from tests.telemetry.test_switching import asked, day_of, holds, started

PATIENCE_S = 120.0

OF_SWITCH = "SELECT wait_event_type FROM pg_stat_activity WHERE application_name = 'roadlens score switch'"


def waiting(url: str, expected: list[tuple[str | None]]) -> None:
    """Until the command's connections are so: waiting for a lock, or none."""
    deadline = time.monotonic() + PATIENCE_S
    with psycopg.connect(url, autocommit=True) as connection:
        while [row for row in connection.execute(OF_SWITCH).fetchall() if row[0] != "Client"] != expected:
            assert time.monotonic() < deadline
            time.sleep(0.05)


async def test_who_is_killed_in_the_middle_has_changed_nothing(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """1. Somebody holds the totals, which come last. 2. The switch has exchanged trips and scores, and waits there.
    3. It is killed: PostgreSQL notices although nobody lets go. 4. A delivery passes, and all is as it was."""
    installation = Installation(tmp_path, {"DATABASE_URL": database_url})
    ingest = await started(database)
    await rebuild(database, 2)
    before = await fleet.rows(database)
    command = [ROADLENS, "score", "switch", "2", "--yes"]
    with psycopg.connect(database_url) as holding:
        holding.execute("SELECT FROM fleet_totals FOR UPDATE")
        switching = await asyncio.create_subprocess_exec(*command, env=installation.environment, stderr=DEVNULL)
        try:
            await asyncio.to_thread(waiting, database_url, [("Lock",)])
        finally:
            switching.kill()
            await switching.wait()
        await asyncio.to_thread(waiting, database_url, [])
        assert await fleet.rows(database) == before
    await fleet.deliver(ingest, "A", day_of(0, 7))
    assert await asked(database, "SELECT version FROM score_versions WHERE active") == [(1,)]
    await holds(database, 1)
    said = await asyncio.to_thread(installation.run, *command[1:])
    assert "15 trips taken over" in said
    await holds(database, 2)
    assert "no differences" in await asyncio.to_thread(installation.run, "doctor")
