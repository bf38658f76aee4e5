"""Options of one use of a pooled connection, such as `isolation_level`: all of them, or another connection."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection


async def with_options(connection: AsyncConnection, **options: Any) -> AsyncConnection:
    """The connection with these options until it goes back to the pool.

    They are set one by one, at times with a turn of the event loop, and only when all are is it noted that they must be
    reset. Who is cancelled in between would give back a connection that is read-only, or that commits each statement,
    for ever: it is closed instead.
    """
    try:
        return await connection.execution_options(**options)
    except BaseException:
        await connection.invalidate()
        raise
