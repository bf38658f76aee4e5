"""A database of the first release, with data, comes step by step to what a new one has after the same deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.database import Database
from roadlens.storage.migrate import head, upgrade
from roadlens.telemetry.doctor import differences
from tests.support import fleet
from tests.support.api import open_api
from tests.support.first_schema import FIRST, FIRST_VERSION, TABLES, copy_rows, move_to, revisions
from tests.support.fleet import drive
from tests.support.postgres import EMPTY, Server

ANSWERS = (
    "/admin/dashboard/stats",
    "/admin/dashboard/summary",
    "/admin/dashboard/risk-distribution",
    "/admin/dashboard/trip-activity?days=30",
    "/admin/dashboard/safety-events?days=365",
    "/admin/drivers",
    "/admin/drivers?search=a",
    "/admin/drivers?risk_level=low",
    "/admin/drivers/DRV-0001",
    "/admin/drivers/DRV-0001/statistics",
    "/admin/drivers/DRV-0001/risk",
    "/admin/drivers/DRV-0001/trips",
    "/admin/trips",
    "/admin/events",
    "/admin/vehicles",
    "/admin/devices",
)


@pytest.fixture
def old(postgres: Server, delivered: str) -> Iterator[str]:
    """A database of the first release with the rows of the new one."""
    with postgres.copy_of(EMPTY) as url:
        move_to(url, FIRST)
        counts = copy_rows(delivered, url)
        assert all(counts[table] for table in ("positions", "trips", "safety_events", "risk_scores", "driver_summary"))
        yield url


@pytest.fixture
async def delivered(database: Database, database_url: str) -> str:
    """The address of a database of today, with drives of two devices, one with alarms."""
    ingest = await fleet.open_ingest(database, FIRST_VERSION)
    await fleet.deliver(ingest, "A", drive(0, 4000) + drive(90_000, 4000))
    await fleet.deliver(ingest, "B", drive(0, 3000, 90.0, alarms=1))
    return database_url


def counts(url: str) -> dict[str, object]:
    with psycopg.connect(url) as connection:
        return {
            table: connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            for table in TABLES
        }


def seen(answer: Any) -> Any:
    """Without the users, whom each application of the tests adds for itself."""
    return {name: value for name, value in answer.items() if name != "recent_users"} if type(answer) is dict else answer


async def test_it_comes_to_the_same(database: Database, database_url: str, old: str, password_hash: str) -> None:
    before = counts(old)
    for revision in revisions()[1:]:
        move_to(old, revision)
        assert counts(old) == before, revision
    assert upgrade(old, "UTC", DEFAULT.as_dict()) == head()
    upgraded = Database.open(old)
    try:
        assert await differences(upgraded) == []
        assert await fleet.rows(upgraded) == await fleet.rows(database)
        for each in (upgraded, database):  # what comes after is cut against what was there before
            ingest = await fleet.open_ingest(each, FIRST_VERSION)
            await fleet.deliver(ingest, "A", drive(5000, 2000) + drive(180_000, 1000))
        assert await fleet.rows(upgraded) == await fleet.rows(database)
        assert await differences(upgraded) == []
        async with (
            open_api(upgraded, old, password_hash) as one,
            open_api(database, database_url, password_hash) as two,
        ):
            for path in ANSWERS:
                assert seen(await one.answer(path)) == seen(await two.answer(path)), path
            assert (await one.get("/admin/audit")).status_code == 200
    finally:
        await upgraded.close()


async def test_all_at_once(old: str) -> None:
    """As `serve` does it."""
    upgrade(old, "UTC", DEFAULT.as_dict())
    upgraded = Database.open(old)
    assert await differences(upgraded) == []
    await upgraded.close()
