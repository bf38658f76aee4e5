"""Sign-ins in the log of changes lose who it was and from where when they are so old; that somebody signed in stays.

Values go as in an erasure, beside an entry that says so, and the seals still stand.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from roadlens.storage.database import Database
from roadlens.storage.recurring import recurring
from roadlens.storage.writes import aging, audit, erasure
from roadlens.storage.writes.audit import Who

# What stands for the name then.
AGED: Final = "erased-by-age"
# In one transaction at most.
MOST_ENTRIES: Final = 10_000
# A server looks so often. What is kept begins with a day, so that one entry a day says what has gone.
EVERY_S: Final = 3600.0
# And first when it has begun to answer.
FIRST_S: Final = 60.0

logger = logging.getLogger(__name__)


async def age(database: Database, days: int, *, actor: Who) -> int:
    """Take name and address from entries of sign-ins before the last `days` days; returns from how many.

    Less than there are when somebody else is at it.

    Raises:
        DatabaseUnavailable: the database is away. What was done before stays done.
    """
    aged = 0
    while True:
        async with database.write() as session:
            before, old = await aging.old(session, days, MOST_ENTRIES)
            if old:
                after = {"entries": len(old)}
                said = await audit.record(session, actor, "erase", "sign_ins", f"before {before}", None, after)
                await erasure.empty(session, said, erasure.Entries(old, [], []), AGED)
        aged += len(old)
        if len(old) < MOST_ENTRIES:
            return aged


class Aging:
    """The same by a server, while it is `running`; all workers may, and one of them does."""

    def __init__(self, database: Database, days: int) -> None:
        self._database = database
        self._days = days

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks after a minute and every hour then, until the block ends."""
        otherwise = "Old sign-ins keep their addresses for another hour"
        async with recurring(self._look, EVERY_S, logger=logger, otherwise=otherwise, first_s=FIRST_S):
            yield

    async def _look(self) -> None:
        if aged := await age(self._database, self._days, actor="roadlens serve"):
            logger.info("Took name and address from %d sign-ins of more than %d days ago", aged, self._days)
