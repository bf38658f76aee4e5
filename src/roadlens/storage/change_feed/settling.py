"""Waits, after a commit, until no worker can answer from before it. The time is bounded by one lease.

Why a lease is enough, whatever happens: who is trusted a lease after the commit has a deadline that came of a renewal
sent after the commit; that renewal's nonce came back behind the commit's notification, for they are one queue; and a
renewal holds only when all that came before it is applied. All else here is to be done sooner.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from roadlens.storage.change_feed.acknowledgements import Acknowledgements
from roadlens.storage.change_feed.lease import LEASE_S

# Clocks of two machines do not run equally fast; a hundredth is far more than they differ (ntp: 0.05 %).
WAIT_S = 1.01 * LEASE_S

_FIRST_LOOK_S = 0.05
_LONGEST_LOOK_S = 0.25


class Worker(NamedTuple):
    """A row: how often its lease was renewed, and whether it knows of the transaction."""

    worker_id: UUID
    renewals: int
    knows: bool


class Standing(NamedTuple):
    """All workers; `started_now` says that PostgreSQL has run for less than a lease."""

    workers: Sequence[Worker]
    started_now: bool

    @classmethod
    def of(cls, rows: Sequence[tuple[UUID | None, int, bool, bool]]) -> Standing:
        """Rows of worker, renewals, whether it knows, and whether PostgreSQL has just started; at least one."""
        return cls([Worker(worker, renewals, knows) for worker, renewals, knows, _ in rows if worker], rows[0][3])


@dataclass(frozen=True, slots=True)
class Settlement:
    """One commit that workers must hear of.

    Attributes:
        look: reads the workers; None when they cannot be read.
        forget: deletes rows whose renewals are still these.
        acknowledgements: what this process hears; None if it hears nothing.
        trust_start: a PostgreSQL that has just started has all that it ever committed: it is nobody's former standby.
    """

    xid: int
    look: Callable[[], Awaitable[Standing | None]]
    forget: Callable[[Sequence[Worker]], Awaitable[None]]
    acknowledgements: Acknowledgements | None
    trust_start: bool

    async def settled(self) -> None:
        """Returns when it is settled; to be called right after the commit. Never fails: what is done is done."""
        ends = time.monotonic() + WAIT_S
        standing = await self._look_within(WAIT_S)
        if standing is None or (standing.started_now and not self.trust_start):
            await asyncio.sleep(ends - time.monotonic())
            return
        # A worker that enters later loads later, and knows.
        seen = {worker.worker_id: worker.renewals for worker in standing.workers}
        pause = _FIRST_LOOK_S
        while waiting := [worker for worker in standing.workers if self._may_not_know(worker, seen)]:
            left = ends - time.monotonic()
            if left <= 0:
                await self._give_up([worker for worker in waiting if worker.renewals == seen[worker.worker_id]])
                return
            if await self._told({worker.worker_id for worker in waiting}, min(pause, left)):
                return
            pause = min(1.6 * pause, _LONGEST_LOOK_S)
            standing = await self._look_within(ends - time.monotonic()) or standing

    def _may_not_know(self, worker: Worker, seen: dict[UUID, int]) -> bool:
        """A renewal is sent after the nonce of the one before came back. So the second one that was not there after the
        commit was sent when the commit's notification, which is before the first one's nonce, was applied.
        """
        first = seen.get(worker.worker_id)
        return not (worker.knows or first is None or worker.renewals >= first + 2)

    async def _told(self, workers: set[UUID], seconds: float) -> bool:
        if self.acknowledgements is None:
            await asyncio.sleep(seconds)
            return False
        return await self.acknowledgements.wait(self.xid, workers, seconds)

    async def _look_within(self, seconds: float) -> Standing | None:
        if seconds <= 0:
            return None
        try:
            async with asyncio.timeout(seconds):
                return await self.look()
        except TimeoutError:
            return None

    async def _give_up(self, silent: Sequence[Worker]) -> None:
        """What they believed has ended by now, by their own clocks. Nobody need wait for them again."""
        if silent:
            await self.forget(silent)
