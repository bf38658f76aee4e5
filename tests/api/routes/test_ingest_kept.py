"""Positions over HTTP that are too old to be kept: nobody is refused for them, and nobody need send them again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.routes.test_ingest import BODIES, EVENTS, GOOD, PHONE, POSITIONS, TRACCAR, Sender, at
from tests.support.api import Api
from tests.support.scrape import Scrape
from tests.telemetry.sources.test_traccar import forward


@pytest.fixture
async def sender(api: Api) -> Sender:
    return await Sender(api).admit()


async def keep_from_today(api: Api) -> None:
    async with api.database.write() as session:
        await session.execute("UPDATE installation SET positions_from = now()")


async def test_a_late_position_asks_beyond_that_what_is_kept(sender: Sender) -> None:
    await sender.send(TRACCAR, GOOD)
    with sender.api.statements() as statements:
        await sender.send(TRACCAR, forward(speed=11))
    assert sum("positions_from FROM installation" in statement for statement in statements) == 1
    assert len(statements) <= 14


@pytest.mark.parametrize("path", [TRACCAR, EVENTS, PHONE])
async def test_what_is_too_old_to_be_kept_is_acknowledged(sender: Sender, path: str) -> None:
    """Whoever was refused would send it again."""
    await keep_from_today(sender.api)
    response = await sender.send(path, BODIES[path])
    assert response.status_code == 200
    answer = response.json()
    assert (answer["stored"], answer["ignored"]) == (0, 1)
    assert "too old: positions from before " in answer["detail"]
    assert await sender.positions() == 0
    assert Scrape.of(sender.api.app.state.metrics).value("ingest_positions_total", result="no longer kept") == 1


async def test_of_a_batch_what_is_too_old_is_listed_and_the_rest_kept(sender: Sender) -> None:
    await keep_from_today(sender.api)
    live = at(datetime.now(UTC) + timedelta(minutes=5))
    answer = (await sender.send(POSITIONS, b"[" + GOOD + b"," + live + b"]")).json()
    assert (answer["kept"], answer["dropped"], answer["duplicates"]) == (1, 1, 0)
    ((index, reason),) = [(error["index"], error["reason"]) for error in answer["errors"]]
    assert (index, reason) == (0, "no longer kept")
    assert await sender.positions() == 1
