"""Whether the clocks of this machine, of PostgreSQL and of Redis agree: trips, tokens and retention go by them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from roadlens.cli.checks.finding import Finding
from roadlens.storage.database import Database
from roadlens.storage.reads import server_facts

# Seconds. NTP holds machines within milliseconds; a position from this far in the future is refused.
_NOTABLE_S = 2.0
_WRONG_S = 60.0


async def check(database: Database) -> list[Finding]:
    """Raises:
    DatabaseUnavailable: it cannot be asked.
    """
    async with database.read() as session:
        await server_facts.clock(session)  # the connection is made with this one
        before = time.time()
        told = (await server_facts.clock(session)).timestamp()
        return list(compared("PostgreSQL", told, before, time.time()))


def compared(whose: str, told: float, before: float, after: float) -> Iterator[Finding]:
    """A clock that was read between two moments of this machine's; all in seconds since 1970."""
    apart = told - after if told > after else told - before if told < before else 0.0
    if abs(apart) <= _NOTABLE_S:
        return
    yield Finding(
        "clock",
        "error" if abs(apart) > _WRONG_S else "warning",
        f"the clock of {whose} is {abs(apart):.1f} s {'ahead of' if apart > 0 else 'behind'} this machine's",
        "Tokens end too early or too late, positions count as being of the future, and log lines cannot be compared.",
        "Run an NTP client (systemd-timesyncd, chrony) on both machines; `date -u` shows which one is wrong.",
    )
