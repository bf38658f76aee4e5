"""Positions as they come in live: single ones share a transaction, and each sender is told after the common commit.

A moment's worth of them, and whatever came while the transaction before was under way, is one delivery. So the more
come, the more share, and nobody waits for anybody who came later. Knows tokens by their digests, and no HTTP.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from roadlens.errors import DatabaseUnavailable, InvalidInput, NotAuthenticated, Overloaded
from roadlens.storage.change_feed.lease import now
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.reads import ingest_tokens
from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry.batch import Batch, Fix, Reason
from roadlens.telemetry.delivery import Around, Ingest, Outcome, alone
from roadlens.telemetry.observer import Observer, Silent

COLLECT_FOR_S = 0.01
QUIET_FOR_S = 0.002
MOST_TOGETHER = 1000
MOST_WAITING = 5000
BATCHES_AT_ONCE = 2
MOST_BATCHES = 32

_REFUSED = (
    "This ingest token is unknown or revoked: `roadlens tokens list` shows those that are good, "
    "`roadlens tokens create NAME` makes another."
)
_BUSY = "Too many positions are waiting to be stored. Send this one again in a second."
_CLOSED = "The server is starting or shutting down. Send it again in a few seconds."

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Waiting:
    """A position, whose sender waits for the result: None once it is committed, or why it is of no use."""

    token: bytes
    claim: DeviceClaim
    fix: Fix
    since: float
    result: asyncio.Future[str | None]

    def succeed(self, ignored: str | None = None) -> None:
        if not self.result.done():
            self.result.set_result(ignored)

    def fail(self, error: Exception) -> None:
        if not self.result.done():
            self.result.set_exception(error)


class Collector:
    """Takes single positions and whole batches from senders who show a token, while it is `running`."""

    def __init__(
        self, database: Database, *, register: bool, observer: Observer | None = None, around: Around = alone
    ) -> None:
        """`register`: make a vehicle and a driver for each device that has none. `around` is told what is stored."""
        self._database = database
        self._register = register
        self._observer = observer or Silent()
        self._around = around
        self._ingest: Ingest | None = None
        self._waiting: list[_Waiting] = []
        self._being_stored: list[_Waiting] = []
        self._came = asyncio.Event()
        self._places = asyncio.Semaphore(BATCHES_AT_ONCE)
        self._batches = 0

    @property
    def waiting(self) -> int:
        """Single positions that are taken and not stored yet."""
        return len(self._waiting) + len(self._being_stored)

    @property
    def waiting_since(self) -> float | None:
        """When the one that has waited longest was taken, on the clock of `lease.now`."""
        oldest = [*self._being_stored[:1], *self._waiting[:1]]
        return min(waiting.since for waiting in oldest) if oldest else None

    @property
    def batches(self) -> int:
        """Batches that are being stored or wait for it."""
        return self._batches

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Works until the block ends; then it takes nothing more, and stores what it has taken.

        Raises:
            SetupError: the database has no active score version, or one of another formula.
            DatabaseUnavailable: the database is away.
        """
        self._ingest = await Ingest.open(self._database, self._around)
        work = asyncio.create_task(self._work(self._ingest))
        try:
            yield
        finally:
            self._ingest = None
            self._came.set()
            await work

    async def send(self, token: bytes, claim: DeviceClaim, fix: Fix) -> str | None:
        """Store one position; when this returns, it is committed, or of no use: then it says why.

        Raises:
            NotAuthenticated: the token is not good.
            InvalidInput: no vehicle can be at that place, that fast or at that time.
            Overloaded: too many are waiting.
            DatabaseUnavailable: it was not stored.
        """
        if self._ingest is None or len(self._waiting) >= MOST_WAITING:
            self._observer.refused("single", "closed" if self._ingest is None else "busy")
            raise Overloaded(_CLOSED if self._ingest is None else _BUSY)
        waiting = _Waiting(token, claim, fix, now(), asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._came.set()
        result = await waiting.result
        self._observer.committed("single", now() - waiting.since)
        return result

    async def check(self, token: bytes) -> None:
        """Refuse a token before anything else is said to its sender.

        Raises:
            NotAuthenticated: the token is not good.
            DatabaseUnavailable: nobody can tell.
        """
        async with self._database.read() as session:
            if not await ingest_tokens.good(session, [token]):
                raise NotAuthenticated(_REFUSED)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold one of the few places for a batch, which may fill much memory.

        Raises:
            Overloaded: too many wait for one.
        """
        if self._batches >= MOST_BATCHES:
            self._observer.refused("batch", "busy")
            raise Overloaded("Too many batches are waiting to be stored. Send this one again in a second.")
        self._batches += 1
        try:
            async with self._places:
                yield
        finally:
            self._batches -= 1

    async def deliver(self, token: bytes, batch: Batch) -> Outcome:
        """Store a batch; when this returns, it is committed.

        Raises:
            NotAuthenticated: the token is not good.
            Overloaded: the server is shutting down.
            DatabaseUnavailable: nothing of it was stored.
        """
        if self._ingest is None:
            self._observer.refused("batch", "closed")
            raise Overloaded(_CLOSED)
        began = now()

        async def admitted(session: WriteSession) -> Batch:
            if not await ingest_tokens.good(session, [token]):
                raise NotAuthenticated(_REFUSED)
            return batch

        outcome = await self._ingest.deliver_composed(admitted, register=self._register)
        self._observer.stored(outcome)
        self._observer.committed("batch", now() - began)
        return outcome

    async def _work(self, ingest: Ingest) -> None:
        """Until it is closed, and then until nobody waits."""
        while self._ingest is not None or self._waiting:
            await self._came.wait()
            await self._collect()
            group, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            if not self._waiting and self._ingest is not None:
                self._came.clear()
            if group:
                self._being_stored = group
                await self._store(ingest, group)
                self._being_stored = []

    async def _collect(self) -> None:
        """Let others come, for as long as some do, and no longer than each may be kept waiting."""
        loop = asyncio.get_running_loop()
        until, seen = loop.time() + COLLECT_FOR_S, 0
        while self._ingest is not None and seen < len(self._waiting) and loop.time() < until:
            seen = len(self._waiting)
            await asyncio.sleep(QUIET_FOR_S)

    async def _store(self, ingest: Ingest, group: Sequence[_Waiting]) -> None:
        """All in one transaction. Where one of them makes that fail, each by itself: nobody suffers for another."""
        try:
            await self._together(ingest, group)
        except DatabaseUnavailable as error:
            for waiting in group:
                waiting.fail(DatabaseUnavailable(error.detail))
        except Exception as error:  # noqa: BLE001 - whatever it is, its sender must be told, and the others stored
            if len(group) == 1:
                group[0].fail(error)
                return
            logger.warning("%d positions could not be stored together: %r. Trying one by one.", len(group), error)
            for waiting in group:
                await self._store(ingest, [waiting])

    async def _together(self, ingest: Ingest, group: Sequence[_Waiting]) -> None:
        refused: list[_Waiting] = []

        async def admitted(session: WriteSession) -> Batch:
            refused.clear()
            good = await ingest_tokens.good(session, {waiting.token for waiting in group})
            batch = Batch()
            for index, waiting in enumerate(group):
                if waiting.token in good:
                    batch.add(waiting.claim, waiting.fix, index)
                else:
                    refused.append(waiting)
            return batch

        outcome = await ingest.deliver_composed(admitted, register=self._register)
        self._observer.stored(outcome)
        for waiting in refused:
            waiting.fail(NotAuthenticated(_REFUSED))
        for complaint in outcome.complaints:
            if complaint.reason is Reason.NOT_KEPT:  # no mistake of the sender, who would only send it again
                group[complaint.line].succeed(complaint.detail)
            else:
                group[complaint.line].fail(InvalidInput(f"{complaint.detail}."))
        for waiting in group:
            waiting.succeed()
