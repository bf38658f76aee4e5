"""Whether this process should be sent requests, part by part: the database, the change feed, Redis, and its own end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from roadlens.errors import DatabaseUnavailable, NotReady
from roadlens.storage.database import Database

# Seconds without trust in the change feed after which a worker is not ready. A connection that is made anew takes
# milliseconds, and until then answers are computed.
FEED_AWAY_S: Final = 5.0
# Seconds that the database may take to answer.
DATABASE_S: Final = 2.0

Parts = dict[str, str]

_WHY: Final = {
    "draining": "This server is stopping: ask another one.",
    "database": "The database does not answer in time.",
    "feed": "The change feed is not attached to the database, so every answer has to be computed.",
}


class Readiness:
    """What a load balancer may know of this process.

    Attributes:
        draining: it was told to stop, and goes on only for those who have not heard of it.
    """

    def __init__(self, database: Database, feed_away_s: Callable[[], float], redis: Callable[[], str]) -> None:
        """`feed_away_s`: seconds for which the feed has not been trusted. `redis`: `off`, `ok` or `away`."""
        self._database = database
        self._feed_away_s = feed_away_s
        self._redis = redis
        self.draining = False
        self._asked: asyncio.Task[bool] | None = None

    async def look(self) -> Parts:
        """The state of each part. Without Redis a server is slower, not wrong: it is ready.

        Raises:
            NotReady: nothing should be sent here now; its members name the parts.
        """
        away_s = self._feed_away_s()
        parts = {
            "server": "draining" if self.draining else "ok",
            "database": "ok" if await self._database_answers() else "away",
            "feed": "attached" if away_s == 0 else "attaching" if away_s < FEED_AWAY_S else "away",
            "redis": self._redis(),
        }
        why = [
            _WHY["draining"] if self.draining else "",
            _WHY["database"] if parts["database"] == "away" else "",
            _WHY["feed"] if parts["feed"] == "away" else "",
        ]
        if any(why):
            raise NotReady(" ".join(filter(None, why)), {"parts": parts})
        return parts

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """It may be looked at in the block; afterwards nothing of it is under way, and no connection in use."""
        try:
            yield
        finally:
            if self._asked is not None:
                self._asked.cancel()
                await asyncio.wait({self._asked})

    async def _database_answers(self) -> bool:
        """One that hangs is given up in time: to take back what it was asked takes the driver ten seconds more. Until
        then nobody asks it again, so that those who look every few seconds do not fill the pool.
        """
        if self._asked is None or self._asked.done():
            self._asked = asyncio.get_running_loop().create_task(self._ask_database())
        done, _ = await asyncio.wait({self._asked}, timeout=DATABASE_S)
        return bool(done) and await self._asked

    async def _ask_database(self) -> bool:
        try:
            async with asyncio.timeout(DATABASE_S), self._database.read() as session:
                await session.value("SELECT 1")
        except (DatabaseUnavailable, TimeoutError):
            return False
        return True
