"""Whether a service is asked at all: not after it failed, until a probe in the background succeeds. Knows no Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context

# So many failures in a row are no accident, such as one connection that was closed for being idle.
MOST_FAILURES = 3


class Breaker:
    """Closed while the service is used. It begins open: only a probe that succeeds closes it, so that no request is
    the first to find out that nobody answers.

    Args:
        probe: asks the service, within a time of its own; True says that it may be used.
        interval: seconds from the opening to the first probe, and from one probe that failed to the next.
    """

    def __init__(self, probe: Callable[[], Awaitable[bool]], *, interval: float) -> None:
        self.closed = False
        self._probe = probe
        self._interval = interval
        self._failures = 0
        self._closing = asyncio.Event()
        self._probing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Probe once, now; if that fails, go on in the background."""
        if await self._probe():
            self._close()
        else:
            self._probe_in_background()

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, *, decisive: bool) -> bool:
        """One failure; a decisive one opens at once. True says that this one opened it."""
        self._failures += 1
        if not self.closed or not (decisive or self._failures >= MOST_FAILURES):
            return False
        self.closed = False
        self._closing.clear()
        self._probe_in_background()
        return True

    async def until_closed(self) -> None:
        await self._closing.wait()

    async def stop(self) -> None:
        """Open for good, without probes."""
        self.closed = False
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])

    def _close(self) -> None:
        self._failures = 0
        self.closed = True
        self._closing.set()

    def _probe_in_background(self) -> None:
        # In no request's context: what is logged there is not about the request that failed first.
        self._probing = asyncio.create_task(self._probe_until_it_answers(), context=Context())

    async def _probe_until_it_answers(self) -> None:
        answers = False
        while not answers:
            await asyncio.sleep(self._interval)
            answers = await self._probe()
        self._close()
