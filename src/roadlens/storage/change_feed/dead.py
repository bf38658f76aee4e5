"""Deletes the leases of workers that have certainly ended, so that the next writer need not wait them out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

import psycopg

from roadlens.storage.change_feed.connection import connected
from roadlens.storage.change_feed.lease import LEASE_S

_FORGET = b"DELETE FROM cache_worker WHERE worker_id = ANY(%s) RETURNING worker_id"

logger = logging.getLogger(__name__)


async def forget(url: str, leases: Sequence[UUID]) -> int:
    """How many there were. Whoever calls has seen the end of the process that held them, and of that very process.

    A worker that still lived would answer from before a change whose writer did not wait for it. Where the database
    cannot be asked, the next writer waits for two seconds; nothing is wrong then.
    """
    if not leases:
        return 0
    try:
        async with connected(url, "roadlens parent") as connection:
            return len(await connection.ask(_FORGET, (list(leases),), within=LEASE_S))
    except (psycopg.Error, OSError) as error:
        logger.info("The lease of a worker that has ended stays until a writer gives it up: %s", error)
        return 0
