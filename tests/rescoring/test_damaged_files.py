"""Exported files that a disk has kept half of: they are made anew, as those that are gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from roadlens.rescoring.rebuild import Order
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.database import Database
from roadlens.telemetry.demo.fill import fill
from tests.rescoring.test_rebuild import LIVE, RESCORED, UNTIL, content, draft, run


def break_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("damaged", ["trips", "fixes"])
async def test_a_file_that_broke_off_is_made_anew(
    database: Database, database_url: str, tmp_path: Path, damaged: str
) -> None:
    order = Order(2, 1, False, tmp_path, database_url)
    await fill(database, drivers=3, days=3, seed=1, until=UNTIL)
    await draft(database, DEFAULT)
    await run(database, replace(order, keep_files=True))
    async with database.write() as session:
        for table in ("rescored_trips", "rescored_events", "rescored_risk"):
            await session.execute(f"DELETE FROM {table}")
        await session.execute("UPDATE rescored_chunks SET scored_at = NULL")
        await session.execute("UPDATE score_rebuilds SET state = 'scoring'")
    break_off(getattr(order.files, damaged)(1))
    await run(database, order)
    assert await content(database, RESCORED) == await content(database, LIVE)
