"""What comes again and again: also after it has failed, and not after its end."""

from __future__ import annotations

import asyncio
import logging

import pytest

from roadlens.errors import Overloaded
from roadlens.storage.recurring import recurring

LOGGER = logging.getLogger(__name__)


@pytest.mark.parametrize(
    ("error", "said"), [(Overloaded("Come later."), "Not now: Come later."), (ValueError("odd"), "Not now")]
)
async def test_it_is_tried_again_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture, error: Exception, said: str
) -> None:
    done, tries = asyncio.Event(), 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise error
        done.set()

    async with asyncio.timeout(120), recurring(work, 0.001, logger=LOGGER, otherwise="Not now"):
        await done.wait()
    tried = tries
    await asyncio.sleep(0.01)
    assert tries == tried
    assert [record.getMessage() for record in caplog.records if record.name == LOGGER.name] == [said]


async def test_the_first_time_comes_after_a_while_if_it_is_not_now() -> None:
    times: list[int] = []

    async def work() -> None:
        times.append(1)

    async with recurring(work, 0, logger=LOGGER, otherwise="Not now", first_s=3600):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert times == []
