"""Lets one command at a time score history by a version: a lock of PostgreSQL's that lasts as long as a connection.

However the command ends, its connection ends with it, and nothing is left that would keep the next one away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import psycopg

from roadlens.errors import Conflict
from roadlens.storage.change_feed.connection import Connection, connected
from roadlens.storage.database import WriteSession
from roadlens.storage.failures import translated

_ALONE: Final = "hashtext('roadlens rebuild')"

# A machine that vanishes without a word is noticed after half a minute, and not after the hours that PostgreSQL waits
# otherwise. Of a connection within one machine these read as zero.
_NOTICED = b"""
SELECT set_config('tcp_keepalives_idle', '15', false), set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '3', false)
"""
_TAKE = f"SELECT pg_try_advisory_lock({_ALONE}, %s)".encode()
_GIVE_BACK = f"SELECT pg_advisory_unlock({_ALONE}, %s)".encode()
_TAKE_FOR_NOW = f"SELECT pg_try_advisory_xact_lock({_ALONE}, :version)"
_WHO = f"""
SELECT activity.pid, coalesce(' from ' || host(client_addr), ''),
    to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid)
WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND objid::bigint = %s
    AND classid::bigint = {_ALONE}::bigint & 4294967295
    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
""".encode()

# PostgreSQL needs a moment to see that a command which was killed has gone.
_TRIES, _PAUSE_S = 10, 0.2
_WITHIN_S = 30.0


class Alone:
    """Held by the one command that scores history by a version."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def check(self) -> None:
        """See that it is still held.

        Raises:
            DatabaseUnavailable: the connection was lost, and another command may have begun.
        """
        async with translated():
            await self._connection.ask(b"SELECT", within=_WITHIN_S)


@asynccontextmanager
async def alone(url: str, version: int) -> AsyncIterator[Alone]:
    """In the block no other command scores history by the version. `url` is not that of a pooler.

    Raises:
        Conflict: another command does so.
        DatabaseUnavailable: the database is away.
    """
    async with _opened(url) as connection:
        async with translated():
            await _take(connection, version)
        try:
            yield Alone(connection)
        finally:  # a connection that is closed gives it back too, a moment later
            with suppress(psycopg.Error):
                await connection.ask(_GIVE_BACK, (version,), within=_WITHIN_S)


async def held(session: WriteSession, version: int) -> bool:
    """Whether a command is scoring history by the version; if none is, none begins until the transaction ends."""
    return not await session.value(_TAKE_FOR_NOW, {"version": version})


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Connection]:
    opening = connected(url, "roadlens rebuild alone")
    async with translated():
        connection = await opening.__aenter__()
    try:
        yield connection
    finally:
        await opening.__aexit__(None, None, None)


async def _take(connection: Connection, version: int) -> None:
    await connection.ask(_NOTICED, within=_WITHIN_S)
    for attempt in range(_TRIES):
        if attempt:
            await asyncio.sleep(_PAUSE_S)
        ((taken,),) = await connection.ask(_TAKE, (version,), within=_WITHIN_S)
        if taken:
            return
    who = [f"{since}{place} (process {pid} of PostgreSQL)" for pid, place, since in await _others(connection, version)]
    raise Conflict(
        f"Another command rebuilds version {version} already, since {', '.join(who) or 'just now'}. Let it end, or end "
        "it with Ctrl-C where it runs and give the same command again: it goes on from there."
    )


async def _others(connection: Connection, version: int) -> list[tuple[int, str, str]]:
    return [(pid, place, since) for pid, place, since in await connection.ask(_WHO, (version,), within=_WITHIN_S)]
