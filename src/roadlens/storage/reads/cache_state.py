"""The change feed as people see it: which workers hold a lease, what their caches have counted, versions of tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from roadlens.storage.database import ReadSession

_WORKERS = """
SELECT worker_id, host, pid, attached_at, renewed_at, loaded IS NOT NULL AS attached,
    extract(epoch FROM clock_timestamp() - renewed_at)::float AS silent_s, coalesce(counts, '{}') AS counts
FROM cache_worker ORDER BY attached_at, worker_id
"""

# In the order of the tags that are asked for; one that never changed has no row.
_VERSIONS = """
SELECT coalesce(counter || '-' || nonce, '0') AS version
FROM unnest(cast(:tags AS text[])) WITH ORDINALITY AS asked (name, place) LEFT JOIN cache_tag ON tag = name
ORDER BY place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker's lease. `silent_s` is how long ago it was renewed; `counts` is what the worker itself has told."""

    worker_id: UUID
    host: str
    pid: int
    attached_at: datetime
    renewed_at: datetime
    attached: bool
    silent_s: float
    counts: Mapping[str, Any]


async def workers(session: ReadSession) -> list[Worker]:
    """All leases, the oldest first."""
    return await session.rows(_WORKERS, Worker)


async def versions(session: ReadSession, tags: Sequence[str]) -> tuple[str, ...]:
    """The versions of tags in the session's snapshot, as keys spell them."""
    return tuple(version for (version,) in await session.tuples(_VERSIONS, {"tags": list(tags)}))
