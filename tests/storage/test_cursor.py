"""Whoever leaves while rows are looked for has left, whatever becomes of the connection at that moment."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError

from roadlens.storage import cursor
from roadlens.storage.database import Database

END = "SELECT pg_terminate_backend(pg_backend_pid())"


async def test_who_leaves_when_the_connection_is_lost_has_left(database: Database) -> None:
    """1. A statement is under way. 2. The connection is lost. 3. Whoever waits leaves, before it is told."""

    async def look() -> None:
        async with database.read() as session:
            connection = await session.connection()

            async def lost() -> None:
                try:
                    await session.value(END)  # 1, 2
                except DBAPIError:
                    looking.cancel()  # 3
                    raise

            await cursor._or_ended(connection, lost())

    looking = asyncio.create_task(look())
    with pytest.raises(asyncio.CancelledError):
        await looking
    async with database.read() as session:
        assert await session.value("SELECT 1") == 1
