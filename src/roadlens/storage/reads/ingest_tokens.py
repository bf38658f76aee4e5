"""Which ingest tokens there are, and which of those that were sent are good. Knows digests, never tokens."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from roadlens.storage.database import ReadSession

_GOOD = "SELECT digest FROM ingest_tokens WHERE digest = ANY(:digests) AND revoked_at IS NULL"
_LIST = "SELECT name, created_at, revoked_at FROM ingest_tokens ORDER BY name"


class TokenLine(NamedTuple):
    name: str
    created_at: datetime
    revoked_at: datetime | None


async def good(session: ReadSession, digests: Collection[bytes]) -> set[bytes]:
    """Those of the digests whose token exists and is not revoked."""
    return {bytes(digest) for (digest,) in await session.tuples(_GOOD, {"digests": sorted(digests)})}


async def list_tokens(session: ReadSession) -> list[TokenLine]:
    """All tokens by name, revoked ones too."""
    return await session.rows(_LIST, TokenLine)
