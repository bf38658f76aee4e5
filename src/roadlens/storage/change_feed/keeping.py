"""Keeps a connection for somebody who attends to it: makes it anew when it is lost, until told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from roadlens.storage.change_feed.connection import Connection, connected

# Seconds between attempts: doubled each time, and never long, for nothing is answered from the cache meanwhile.
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0

# How long a start waits for the first attachment, and a stop for the last word. Neither is an error.
_PATIENCE_S = 2.0

Lost = Callable[[Exception], None]

logger = logging.getLogger(__name__)


class Detached(Exception):
    """The connection stands, but what was built on it does not hold any more."""


class Keeper:
    """The task that owns the connection.

    Attributes:
        attached: set while the connection does what it is for.
        wake: set to have the task look around.
        stopping: it is to end.
    """

    def __init__(
        self, url: str, name: str, attend: Callable[[Connection], Awaitable[None]], lost: Lost = lambda _why: None
    ) -> None:
        """`attend` uses a fresh connection; it sets `attached` when all stands, and returns when `stopping`.

        `lost` is told why what was attached is so no more.
        """
        self._lost = lost
        self._url = url
        self._name = name
        self._attend = attend
        self.attached = asyncio.Event()
        self.wake = asyncio.Event()
        self.stopping = False

    @asynccontextmanager
    async def running(self, doubt: Callable[[], None]) -> AsyncIterator[None]:
        """Keeps the connection while the block runs. `doubt` is called at each loss and before the end."""
        task = asyncio.create_task(self._work(doubt), name=self._name)
        try:
            await self._first(task)
            yield
        finally:
            self.stopping = True
            doubt()
            self.wake.set()
            try:
                await asyncio.wait({task}, timeout=_PATIENCE_S)
            finally:  # also for who is cancelled meanwhile: the task would go on, and nobody would wait for it
                task.cancel()
                await asyncio.wait({task})

    async def _first(self, task: asyncio.Task[None]) -> None:
        attached = asyncio.create_task(self.attached.wait())
        try:
            await asyncio.wait({task, attached}, timeout=_PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            attached.cancel()

    async def _work(self, doubt: Callable[[], None]) -> None:
        pause, lost = _FIRST_PAUSE, False
        while not self.stopping:
            try:
                async with connected(self._url, self._name) as connection:
                    await self._attend(connection)
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing more is heard: that must be known at once
                doubt()
                if not self.stopping:
                    if self.attached.is_set():
                        self._lost(error)
                    if self.attached.is_set() or not lost:
                        logger.warning("%s: the connection is lost, and made anew: %s", self._name, _brief(error))
                    pause = _FIRST_PAUSE if self.attached.is_set() else min(2 * pause, _LONGEST_PAUSE)
                    lost = True
                    self.attached.clear()
                    await self._rest(pause)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.wake.wait()
        except TimeoutError:
            pass


def _brief(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
