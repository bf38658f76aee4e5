"""Retention: positions older than so many days are dropped, month by month; trips and all that is made of them stays.

A month goes whole and once it lies wholly before the time that is kept, in one transaction with the word that it is
gone. Whoever is interrupted has dropped nothing. A server whose settings say so does it by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from roadlens.errors import Overloaded
from roadlens.storage.database import Database, ReadSession, WriteSession
from roadlens.storage.reads import partitions
from roadlens.storage.reads.partitions import Month
from roadlens.storage.recurring import recurring
from roadlens.storage.writes import audit, retention
from roadlens.storage.writes.audit import Who
from roadlens.storage.writes.retention import InTheWay

# Seconds for which the positions are asked for, and deliveries kept waiting, at each attempt; and between two of them.
# Deliveries take milliseconds, an import's some seconds now and then. Beyond deadlock_timeout (1 s) a vacuum gives way.
PATIENCE_S: Final = (0.1, 0.2, 0.4, 0.8, *[1.5] * 10)
PAUSE_S: Final = 2.0

# A server looks so often whether a month has become old.
EVERY_S: Final = 3600.0

logger = logging.getLogger(__name__)


class _Uncounted(Exception):
    """What is there is not what was counted."""


class Old(NamedTuple):
    """A month that lies wholly before the time that is kept, and how many positions it has."""

    month: Month
    positions: int


class Retained(NamedTuple):
    """Positions are kept from `kept_from` on, for which the months `dropped` went.

    Before, they were from `kept_before` on; None: none had ever been dropped.
    """

    kept_from: datetime
    kept_before: datetime | None
    dropped: Sequence[Old]

    @property
    def positions(self) -> int:
        return sum(old.positions for old in self.dropped)

    @property
    def bytes(self) -> int:
        return sum(old.month.bytes for old in self.dropped)


async def foresee(database: Database, days: int) -> Retained:
    """What `retain` would do now.

    Raises:
        DatabaseUnavailable: the database is away.
    """
    async with database.read() as session:
        return await _plan(session, days)


async def retain(
    database: Database,
    days: int,
    *,
    actor: Who,
    patience_s: Sequence[float] = PATIENCE_S,
    pause_s: float = PAUSE_S,
) -> Retained | None:
    """Drop the months that lie wholly before the last `days` days. None: somebody else is at it.

    Args:
        database: migrated.
        days: how many are kept at least; no fewer than `SHORTEST_RETENTION_DAYS`.
        actor: who does it, for the log.
        patience_s: seconds to wait for the positions, attempt by attempt; others wait behind this.
        pause_s: seconds between two attempts, in which nobody waits.

    Raises:
        Overloaded: others used the positions at every attempt. Nothing was dropped.
        DatabaseUnavailable: the database is away. Nothing was dropped.
    """
    plan = await _plan_alone(database, days)
    for patience in patience_s:
        if plan is None or (not plan.dropped and plan.kept_before == plan.kept_from):
            return plan
        try:
            async with database.write() as session:
                return plan if await _drop(session, plan, actor, patience) else None
        except InTheWay:
            await asyncio.sleep(pause_s)
        except _Uncounted:
            plan = await _plan_alone(database, days)
    async with database.read() as session:
        who = await partitions.in_the_way(session)
    raise Overloaded(
        f"Positions are in use ({who or 'by one after the other'}): none were dropped. Try again when that has ended."
    )


async def _plan_alone(database: Database, days: int) -> Retained | None:
    """As `foresee`, unless somebody else is at it: to count takes a while, and all workers look at the same hour."""
    async with database.read() as session:
        return await _plan(session, days) if await retention.alone(session) else None


async def _plan(session: ReadSession, days: int) -> Retained:
    before = await partitions.kept_from(session)
    cutoff = await partitions.cutoff(session, days)
    # What has once been dropped is not kept again, however much is to be kept later.
    kept_from = max(cutoff, before or cutoff)
    months = [month for month in await partitions.months(session) if month.until <= kept_from]
    counts = await partitions.counts(session, kept_from) if months else {}
    return Retained(kept_from, before, [Old(month, counts.get(month.name, 0)) for month in months])


async def _drop(session: WriteSession, plan: Retained, actor: Who, patience_s: float) -> bool:
    """Whether it could be done; not while somebody else is at it.

    Raises:
        InTheWay: somebody has used the positions for all that time.
        _Uncounted: there is another month to drop, or one has gone.
    """
    if not await retention.alone(session):
        return False
    await retention.lock(session, patience_s)
    months = [old.month for old in plan.dropped]
    names = [month.name for month in months]
    there = [month.name for month in await partitions.months(session) if month.until <= plan.kept_from]
    if there != names or await partitions.kept_from(session) != plan.kept_before:
        raise _Uncounted
    await retention.drop(session, months, plan.kept_from)
    before = None if plan.kept_before is None else {"positions_from": plan.kept_before.isoformat()}
    after = {"positions_from": plan.kept_from.isoformat(), "positions": plan.positions, "bytes": plan.bytes}
    await audit.record(session, actor, "drop", "positions", ", ".join(names) or "none", before, after)
    return True


class Retention:
    """Retention by a server, while it is `running`; all servers and workers of a database may, and one of them does."""

    def __init__(self, database: Database, days: int | None, *, ran: Callable[[], None] = lambda: None) -> None:
        """`days`: how many are kept; None keeps all. `ran` is called after each look that succeeded."""
        self._database = database
        self._days = days
        self._ran = ran

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks now and every hour until the block ends."""
        if self._days is None:
            yield
            return
        look = partial(self._look, self._days)
        async with recurring(look, EVERY_S, logger=logger, otherwise="Old positions stay for another hour"):
            yield

    async def _look(self, days: int) -> None:
        _tell(await retain(self._database, days, actor="roadlens serve"))
        self._ran()


def _tell(done: Retained | None) -> None:
    if done is not None and done.dropped:
        logger.info(
            "Dropped %d positions of %d months: they are kept from %s on",
            *(done.positions, len(done.dropped), f"{done.kept_from:%Y-%m-%d}"),
        )
