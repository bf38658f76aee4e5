"""Seals the log: entries up to one after which none can come in before it.

Ids are drawn before entries are committed, so an entry may appear below one that stands already. Whoever writes the
table holds it weakly, from before the id is drawn to the commit; who has it for a moment against that knows that all
ids up to the greatest are final. It is asked for but briefly, for others wait behind; if it is not to be had, the next
time will do.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from roadlens.storage.database import WriteSession
from roadlens.storage.reads.audit_seals import Covered

_PATIENCE = "SELECT set_config('lock_timeout', '100ms', true)"
_LOCK_NOT_AVAILABLE = "55P03"

_ALONE = "SELECT pg_advisory_xact_lock(hashtext('roadlens audit seals'))"

_PUT = """
INSERT INTO audit_seals (seal_id, last_id, entries, chain, signature, key_name)
VALUES (:seal_id, :last_id, :entries, :chain, :signature, :key_name)
"""


class InUse(Exception):
    """Somebody was writing entries all the time. The transaction is lost."""


async def final_id(session: WriteSession) -> int | None:
    """The greatest id below which no other entry can come any more; None in an empty log.

    Raises:
        InUse: somebody was writing entries all the time.
    """
    await session.execute(_PATIENCE)
    try:
        found: int | None = await session.value("SELECT roadlens_audit_final_id()")
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise InUse from error
        raise
    return found


async def alone(session: WriteSession) -> None:
    """Come one after the other with everybody who seals."""
    await session.execute(_ALONE)


async def put(session: WriteSession, seal_id: int, covered: Covered, signature: bytes, key_name: str) -> None:
    """Write a seal."""
    values = {"seal_id": seal_id, "signature": signature, "key_name": key_name, **covered._asdict()}
    await session.execute(_PUT, values)
