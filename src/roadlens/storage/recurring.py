"""What a server does by itself every so often, beside its answers: whatever comes of it, the next time is tried."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from roadlens.errors import RoadlensError


@asynccontextmanager
async def recurring(
    work: Callable[[], Awaitable[None]], every_s: float, *, logger: logging.Logger, otherwise: str, first_s: float = 0.0
) -> AsyncIterator[None]:
    """Do `work` every `every_s` seconds until the block ends, for the first time after `first_s`.

    `otherwise` is what the log says when it fails.
    """
    task = asyncio.create_task(_again_and_again(work, every_s, logger, otherwise, first_s))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _again_and_again(
    work: Callable[[], Awaitable[None]], every_s: float, logger: logging.Logger, otherwise: str, first_s: float
) -> None:
    await asyncio.sleep(first_s)
    while True:
        try:
            await work()
        except RoadlensError as error:
            logger.warning("%s: %s", otherwise, error.detail)
        except Exception:  # whatever it is, the server goes on, and the next time may succeed
            logger.exception("%s", otherwise)
        await asyncio.sleep(every_s)
