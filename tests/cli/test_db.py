"""The database's schema and address, on the terminal."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from typer.testing import CliRunner

from roadlens.cli.main import app
from roadlens.storage import migrate
from roadlens.storage.database import Database
from roadlens.telemetry.doctor import differences
from tests.support import fleet
from tests.support.fleet import drive
from tests.support.gate import gate
from tests.support.installation import ROADLENS, Installation
from tests.support.months import boundary, kept_from, kept_months, moved, stored
from tests.support.postgres import EMPTY, Server


def test_upgrade_and_url_of_a_database_that_is_given(postgres: Server, tmp_path: Path) -> None:
    with postgres.copy_of(EMPTY) as url:
        installation = Installation(tmp_path, {"DATABASE_URL": url})
        for command, said in (
            ("upgrade", f"The database has schema {migrate.head()}, the newest.\n"),
            ("upgrade", f"The database has schema {migrate.head()}, the newest.\n"),
            ("url", f"{url}\n"),
        ):
            assert CliRunner().invoke(app, ["db", command], env=installation.environment).stdout == said
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(migrate.head(),)]


def test_without_a_running_database_the_address_is_an_error(tmp_path: Path) -> None:
    said = Installation(tmp_path / "none").run("db", "url", fails=True)
    assert said.startswith("roadlens: No database runs in ")
    assert "roadlens serve" in said
    assert not (tmp_path / "none").exists()


async def with_months(database: Database) -> datetime:
    """A trip in a month long past and one in the oldest that is kept; since when that is."""
    first = await boundary(database)
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", drive(0, 100))
    await fleet.deliver(ingest, "A", moved(drive(0, 200), first))
    return first


async def test_retain_says_what_goes_and_status_what_is_kept(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    first = await with_months(database)
    installation = Installation(tmp_path, {"DATABASE_URL": database_url})

    async def run(*arguments: str, **more: str) -> str:
        one = Installation(tmp_path, installation.settings | more)
        return await asyncio.to_thread(one.run, "db", *arguments)

    assert re.search(r"^positions +all are kept$", await run("status"), re.MULTILINE)
    month, sizes = r"2024-03 +12 positions +0\.\d MB\n", r"1 months with 12 positions, 0\.\d MB\n"
    said = await run("retain", "--days", "31", "--dry-run")
    assert re.fullmatch(rf"{month}would drop {sizes}positions would be kept from {first:%Y-%m-%d} on\n", said)
    assert (await stored(database), await kept_from(database)) == (34, None)
    said = await run("retain", ROADLENS_POSITION_RETENTION_DAYS="31")
    assert re.fullmatch(rf"{month}dropped {sizes}positions are kept from {first:%Y-%m-%d} on\n", said)
    assert (await stored(database), await kept_from(database)) == (22, first)
    assert (await run("retain", "--days", "400")).startswith("dropped 0 months with 0 positions, 0.0 MB\n")
    async with database.write() as session:
        await session.execute("ANALYZE positions")
    said = await run("status")
    assert re.search(rf"^positions +kept from {first:%Y-%m-%d} on$", said, re.MULTILINE)
    assert re.search(rf"^{first:%Y-%m} +22 positions +0\.\d MB$", said, re.MULTILINE)
    assert f"schema     {migrate.head()}\n" in said
    assert "no differences" in await asyncio.to_thread(installation.run, "doctor")


def test_retain_must_be_told_how_long(database_url: str, tmp_path: Path) -> None:
    installation = Installation(tmp_path, {"DATABASE_URL": database_url})
    assert "roadlens: Say how many days of positions to keep: --days 365" in installation.run(
        "db", "retain", fails=True
    )
    assert "greater than or equal to 31" in installation.run("db", "retain", "--days", "30", fails=True)


def test_an_import_of_what_is_not_kept_says_so(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("device,time,latitude,longitude,speed_kmh\nA,2024-03-06T12:00:00Z,41,-96,10\n")
    installation = Installation(tmp_path, {"DATABASE_URL": database_url})
    installation.run("db", "retain", "--days", "365")
    said = installation.run("import", str(file), "--register")
    assert re.search(
        r"old\.csv:2: time 2024-03-06T12:00:00\+00:00 is too old: positions from before .* no longer kept", said
    )
    assert "dropped 1: 1 no longer kept" in said
    assert "registered" not in said


async def test_retain_that_is_killed_has_dropped_nothing(database: Database, database_url: str, tmp_path: Path) -> None:
    """When it has the positions alone and has noted that they are gone; what it was about to send still comes."""
    first = await with_months(database)
    async with gate(database_url, b"DROP TABLE") as (held, through):
        environment = Installation(tmp_path, {"DATABASE_URL": through}).environment
        process = await asyncio.create_subprocess_exec(ROADLENS, "db", "retain", "--days", "31", env=environment)
        async with asyncio.timeout(120):
            await held.reached.wait()
        process.kill()
        await process.wait()
        held.opened.set()
        # Whoever reads waits until PostgreSQL has seen that the connection is gone.
        assert (await stored(database), await kept_from(database)) == (34, None)
    ingest = await fleet.open_ingest(database)
    assert (await fleet.deliver(ingest, "A", moved(drive(0, 100), first - timedelta(days=100)))).kept == 12
    installation = Installation(tmp_path, {"DATABASE_URL": database_url})
    assert "dropped 2 months with 24 positions" in await asyncio.to_thread(
        installation.run, "db", "retain", "--days", "31"
    )
    assert await kept_months(database) == [f"positions_{first:%Y_%m}"]
    assert await differences(database) == []
