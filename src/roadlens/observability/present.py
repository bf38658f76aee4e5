"""Looks each second, and before each scrape, at what is so just now. What there is to look at is others' business."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from roadlens.observability.metrics import Metrics

EVERY_S: Final = 1.0

# Shows what it sees, and returns at once.
Look = Callable[[], None]

logger = logging.getLogger(__name__)


class Present:
    """All looks of one process; it may look at itself only in its event loop."""

    def __init__(self, metrics: Metrics, looks: Sequence[Look]) -> None:
        self._looks = looks
        self._delays = metrics.durations("event_loop_delay_seconds")
        self._failed: set[Look] = set()

    def look(self) -> None:
        """Now. One that fails is said once and does not keep the others from looking."""
        for look in self._looks:
            try:
                look()
            except Exception:  # whatever it is, a number that cannot be told is no reason to stop
                if look not in self._failed:
                    logger.exception("A gauge of /metrics cannot be read and stays as it was")
                self._failed.add(look)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks each second while the block runs, and notes how late it came to it."""
        self.look()
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _keep(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self._delays.add((), max(0.0, clock() - due))
            self.look()
