"""All checks, in the order in which one rests on another. One that cannot be made is a finding itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager

from roadlens.cli.checks import clock, configuration, database, disk, feed, positions, redis
from roadlens.cli.checks.finding import Finding
from roadlens.errors import RoadlensError
from roadlens.settings import Settings
from roadlens.storage import migrate
from roadlens.storage.reads import server_facts
from roadlens.wiring import Wiring, open_examined

PARTS = ("settings", "disk", "redis", "database", "clock", "feed", "positions")


class Rounds:
    """What has been found by now."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.findings: list[Finding] = []

    @asynccontextmanager
    async def done(self) -> AsyncIterator[Wiring | None]:
        """Look at everything; in the block the database is open, if it is there and has this release's schema."""
        holds_database = self.settings.database_url is None
        self.findings += await asyncio.to_thread(disk.check, self.settings.data_dir, holds_database=holds_database)
        async with AsyncExitStack() as stack:
            try:
                wiring: Wiring | None = await stack.enter_async_context(open_examined(self.settings))
                assert wiring is not None
                usable = await self._look(wiring)
            except RoadlensError as error:
                self._settings(None)
                self.findings.append(_unmade("database", error))
                wiring, usable = None, False
            yield wiring if usable else None

    async def _look(self, wiring: Wiring) -> bool:
        self.findings += await redis.check(wiring)
        if not await self._take("database", database.check(wiring.database, self.settings)):
            self._settings(None)
            return False
        async with wiring.database.read() as session:
            current = await server_facts.revision(session)
        if current != migrate.head():
            self._settings(None)
            return False
        async with wiring.database.read() as session:
            self._settings(await server_facts.timezone(session))
        await self._take("clock", clock.check(wiring.database))
        await self._take("feed", feed.check(wiring.database, wiring.database_url))
        await self._take("positions", positions.check(wiring.database, self.settings))
        return True

    def _settings(self, timezone: str | None) -> None:
        self.findings += configuration.check(self.settings, timezone, configuration.processors())

    async def _take(self, part: str, check: Awaitable[list[Finding]]) -> bool:
        """Whether it could be made."""
        try:
            self.findings += await check
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are still to be made, and this one told
            self.findings.append(_unmade(part, error))
            return False
        return True


def _unmade(part: str, error: Exception) -> Finding:
    detail = error.detail if isinstance(error, RoadlensError) else type(error).__name__
    cause = error.__cause__ if isinstance(error, RoadlensError) else error
    # What the driver said, without what SQLAlchemy puts around it.
    reason = str(getattr(cause, "orig", None) or cause or "").strip().partition("\n")[0]
    return Finding(
        part,
        "error",
        f"it could not be looked at: {detail}{f' ({reason})' if reason else ''}",
        "Nobody can tell what else is wrong.",
        "Mend this first.",
    )
