"""Who has said that it knows of what."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from roadlens.storage.change_feed.acknowledgements import Acknowledgements

ADA, BO = uuid4(), uuid4()


async def test_all_must_have_said_so() -> None:
    heard = Acknowledgements()
    heard.heard(ADA, [1, 2])
    assert await heard.wait(1, {ADA}, 0)
    assert not await heard.wait(1, {ADA, BO}, 0)
    waiting = asyncio.create_task(heard.wait(2, {ADA, BO}, 30))
    await asyncio.sleep(0)
    heard.heard(BO, [1])
    assert not waiting.done()
    heard.heard(BO, [2])
    assert await waiting


async def test_the_oldest_are_forgotten() -> None:
    heard = Acknowledgements()
    heard.heard(ADA, range(10_000))
    assert heard.of(9_999) == {ADA}
    assert heard.of(0) == set()
