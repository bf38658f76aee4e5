"""Rows as they come, through a cursor that the server keeps: however many there are, one batch of them is in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from roadlens.storage.database import ReadSession

T = TypeVar("T")

# Rows. Turning a batch into text holds up everybody else in the process, and a round trip is paid for each.
BATCH: Final = 250

# Seconds for the server to hear that nobody waits for a statement any more.
_HEARD_WITHIN_S: Final = 5.0

Batches = AsyncGenerator[list[T], None]


async def batches(
    session: ReadSession,
    statement: str,
    into: Callable[..., T],
    params: Mapping[str, Any] | None = None,
    *,
    size: int = BATCH,
) -> Batches[T]:
    """The rows of a statement, in order, so many at a time; each row's columns, by name, are the arguments of `into`.

    PostgreSQL plans a cursor for its first rows. Whoever ends the iteration early closes it (`contextlib.aclosing`);
    being cancelled while the server looks for rows ends the statement there too.
    """
    connection = await session.connection()
    result = await _or_ended(connection, connection.stream(text(statement), params))
    try:
        names = tuple(result.keys())
        while rows := await _or_ended(connection, result.fetchmany(size)):
            yield [into(**dict(zip(names, row, strict=True))) for row in rows]
    finally:
        await result.close()


async def _or_ended(connection: AsyncConnection, work: Awaitable[T]) -> T:
    """What a statement gives. Who is cancelled has the server end it and waits for that: the connection stays whole."""
    under_way = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(under_way)
    except asyncio.CancelledError:
        with suppress(psycopg.Error, SQLAlchemyError):  # it has gone, and the statement with it
            driver = (await connection.get_raw_connection()).driver_connection
            assert isinstance(driver, psycopg.AsyncConnection)
            await driver.cancel_safe(timeout=_HEARD_WITHIN_S)
        await asyncio.gather(under_way, return_exceptions=True)
        raise
