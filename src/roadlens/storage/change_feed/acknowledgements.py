"""Remembers which worker has said that it knows of which transaction, and wakes the writer that waits for it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Set
from uuid import UUID

# Transactions. A worker's word often comes before the writer begins to wait for it; older ones are asked of the table.
_REMEMBERED = 4096


class Acknowledgements:
    """What a process has heard of its workers, its own included."""

    def __init__(self) -> None:
        self._heard: OrderedDict[int, set[UUID]] = OrderedDict()
        self._waiting: dict[int, asyncio.Event] = {}

    def heard(self, worker: UUID, xids: Iterable[int]) -> None:
        """The worker answers from these transactions on, never from before them."""
        for xid in xids:
            self._heard.setdefault(xid, set()).add(worker)
            if event := self._waiting.get(xid):
                event.set()
        while len(self._heard) > _REMEMBERED:
            self._heard.popitem(last=False)

    async def wait(self, xid: int, workers: Set[UUID], seconds: float) -> bool:
        """Wait until all these workers know of the transaction, at most so long; whether they do. Its writer asks."""
        event = self._waiting[xid] = asyncio.Event()
        try:
            async with asyncio.timeout(seconds):
                while not workers <= self._heard.get(xid, set()):
                    event.clear()
                    await event.wait()
        except TimeoutError:
            return False
        finally:
            del self._waiting[xid]
        return True

    def of(self, xid: int) -> Set[UUID]:
        """Who has said so by now."""
        return self._heard.get(xid, set())
