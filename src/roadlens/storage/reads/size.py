"""How large the database is. PostgreSQL asks its file system about each file: not for each request."""

from __future__ import annotations

from roadlens.storage.database import ReadSession


async def in_bytes(session: ReadSession) -> int:
    """All tables and indexes of this database, without the write-ahead log, which all databases of a server share."""
    size: int = await session.value("SELECT pg_database_size(current_database())")
    return size
