"""Makes a change that concerns nobody, and hears of it as a worker would."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import NamedTuple

from roadlens.storage.change_feed import messages
from roadlens.storage.change_feed.connection import Connection, connected
from roadlens.storage.change_feed.lease import LEASE_S
from roadlens.storage.database import Database

TAG = "doctor"
_PATIENCE_S = 5.0
# It tells nothing of anybody, so it is none of the changes that the log of changes is for.
_RAISE = """
SELECT set_config('roadlens.accounted', pg_current_xact_id()::text, true), roadlens_raise_tags(ARRAY[:tag])
"""

# A session's own setting stays with it; behind a pooler that hands out sessions by transaction it gets lost.
_MARK = b"SELECT set_config('roadlens.doctor', %s, false), pg_backend_pid()"
_LOOK = b"SELECT current_setting('roadlens.doctor', true), pg_backend_pid()"


class Trip(NamedTuple):
    """How long the change took to be heard of, None if it was not; and whether one connection had two sessions."""

    seconds: float | None
    moved: bool


async def round_trip(database: Database, url: str) -> Trip:
    """Raise a tag of its own, whose only trace is its version.

    Raises:
        DatabaseUnavailable: the database is away.
        Overloaded: others were in the way.
        psycopg.Error: no connection can be had.
    """
    async with connected(url, "roadlens doctor") as connection, AsyncExitStack() as beside:
        mark = str(time.monotonic_ns())
        [(_, pid)] = await connection.ask(_MARK, (mark,), within=LEASE_S)
        await connection.ask(f"LISTEN {messages.TAGS}".encode(), within=LEASE_S)
        async with database.write() as session:
            await session.execute(_RAISE, {"tag": TAG})
            # While another transaction is under way: a pooler has given it the session that this one had.
            [(found, same)] = await connection.ask(_LOOK, within=LEASE_S)
            began = time.monotonic()
            # Beside the block's end, which waits until workers have said that they know: that is another matter.
            hearing = asyncio.create_task(_heard(connection))
            beside.push_async_callback(_ended, hearing)
        heard = await hearing
        return Trip(None if heard is None else max(0.0, heard - began), (found, same) != (mark, pid))


async def _ended(hearing: asyncio.Task[float | None]) -> None:
    """Before its connection is closed, of which the event loop would otherwise wait for a descriptor that has gone."""
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


async def _heard(connection: Connection) -> float | None:
    until = time.monotonic() + _PATIENCE_S
    while (left := until - time.monotonic()) > 0:
        while connection.received:
            channel, payload = connection.received.popleft()
            if channel == messages.TAGS and TAG in {raised.tag for raised in messages.read_change(payload).raised}:
                return time.monotonic()
        await connection.hear(asyncio.Event(), left)
    return None
