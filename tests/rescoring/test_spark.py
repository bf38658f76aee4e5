"""A cluster of Spark makes of history what the live rules and DuckDB make of it, also when parts of it are killed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from roadlens.rescoring.rebuild import Order, Progress, rebuild
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.writes import rebuilds as write
from roadlens.telemetry.demo.fill import fill
from tests.rescoring.test_rebuild import LIVE, RESCORED, UNTIL, content, draft
from tests.support.installation import ROADLENS
from tests.support.spark import Cluster, environment, running_cluster

pytestmark = pytest.mark.system

CHUNKS = 4
OTHER = replace(DEFAULT, speeding_tolerance_kmh=2.0, speed_at_most_kmh=80.0)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    directory = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patched, running_cluster(directory) as running:
        for name, value in environment(directory).items():
            patched.setenv(name, value)
        yield running


@pytest.fixture
def order(database_url: str, tmp_path: Path, spark: Cluster) -> Order:
    return Order(2, 2, True, tmp_path, database_url, master=spark.master)


async def plan(database: Database) -> None:
    """So small chunks that each worker has several; the rebuild goes on from there."""
    async with database.read() as session:
        total = await session.value("SELECT sum(position_count + 50) FROM trips")

    async def run(session: WriteSession) -> None:
        await write.begin(session, 2)
        await write.plan(session, 2, int(total) // CHUNKS)

    await database.retrying(run)


async def test_it_goes_on_after_everything_here_was_killed(database: Database, order: Order) -> None:
    await fill(database, drivers=4, days=4, seed=1, until=UNTIL)
    await draft(database, OTHER)
    await plan(database)
    command = [ROADLENS, "score", "rebuild", "2", "--spark", order.master, "--keep-files"]
    settings = {"ROADLENS_DATA_DIR": str(order.data_dir), "DATABASE_URL": order.database_url}
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | settings)
    while process.returncode is None and not _made(order):  # noqa: ASYNC110  # another process makes it
        await asyncio.sleep(0.05)
    assert process.returncode is None
    process.kill()
    await process.wait()
    before = _made(order)
    assert 0 < len(before) < CHUNKS
    await rebuild(database, order, lambda _: None)
    assert before.items() <= _made(order).items()
    on_spark = await content(database, RESCORED)
    await plan(database)
    await rebuild(database, replace(order, master="", data_dir=order.data_dir / "duckdb"), lambda _: None)
    assert on_spark == await content(database, RESCORED)
    assert on_spark != await content(database, LIVE)


async def test_it_does_without_a_worker(database: Database, order: Order, spark: Cluster) -> None:
    await fill(database, drivers=12, days=5, seed=2, until=UNTIL)
    await draft(database, DEFAULT)
    await plan(database)
    made = 0

    def on_progress(progress: Progress) -> None:
        nonlocal made
        if progress.phase.endswith("cluster") and progress.done > progress.before:
            made += 1
            if made == 1:
                spark.workers[0].kill()

    await rebuild(database, order, on_progress)
    live = await content(database, LIVE)
    assert made >= CHUNKS
    assert spark.workers[0].process.poll() is not None
    assert all(len(rows) > 4 for rows in live)
    assert await content(database, RESCORED) == live


def _made(order: Order) -> dict[str, int]:
    """Files of chunks that are made, by name, with the number that each keeps for as long as it is there."""
    return {path.name: path.stat().st_ino for path in order.files.directory.glob("sums-*.parquet")}
