"""Two rebuilds of one version at once: the second is refused, whatever its files are, and the first does not notice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from roadlens.errors import Conflict
from roadlens.rescoring.rebuild import Order, rebuild
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.database import Database
from roadlens.telemetry.demo.fill import fill
from roadlens.telemetry.switching import forget
from tests.rescoring.test_rebuild import LIVE, RESCORED, UNTIL, content, draft


@pytest.fixture
def order(database_url: str, tmp_path: Path) -> Order:
    return Order(2, 2, False, tmp_path, database_url)


async def test_two_at_once_are_one(database: Database, order: Order, tmp_path: Path) -> None:
    await fill(database, drivers=3, days=3, seed=1, until=UNTIL)
    await draft(database, DEFAULT)
    second: list[BaseException] = []

    async def another() -> None:
        try:
            await rebuild(database, replace(order, data_dir=tmp_path / "elsewhere"), lambda _: None)
        except Conflict as error:
            second.append(error)
        with pytest.raises(Conflict, match="is rebuilding version 2 at this moment"):
            await forget(database, 2, actor="test")

    async with asyncio.TaskGroup() as group:
        begun = asyncio.Event()
        first = group.create_task(rebuild(database, order, lambda _: begun.set()))
        await begun.wait()
        group.create_task(another())
    assert first.result().trips
    assert "rebuilds version 2 already" in str(second[0])
    assert await content(database, RESCORED) == await content(database, LIVE)
    await forget(database, 2, actor="test")
