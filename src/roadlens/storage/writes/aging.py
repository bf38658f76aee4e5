"""Finds entries of the log that are so old that who it was, and from where, is to go from them."""

from __future__ import annotations

from datetime import date
from typing import Final

from roadlens.storage.database import WriteSession

_ALONE = "SELECT pg_try_advisory_xact_lock(hashtext('roadlens audit aging'))"

_CUTOFF = "SELECT (now() AT TIME ZONE 'UTC')::date - cast(:days AS int)"

# As the index `audit_log_sign_ins_idx` has it, which knows only those that still have a salt.
OLD: Final = """
SELECT audit_id FROM audit_log
WHERE at < cast(:cutoff AS date)::timestamp AT TIME ZONE 'UTC' AND who_salt IS NOT NULL
    AND action IN ('sign in', 'sign in failed', 'sign in throttled', 'sign out', 'renew hash')
ORDER BY at LIMIT :most
"""


async def old(session: WriteSession, days: int, most: int) -> tuple[date, list[int]]:
    """The day (UTC) from which on sign-ins are kept as they are, and the oldest of those before it; at most so many.

    None of them if somebody else is at it.
    """
    cutoff: date = await session.value(_CUTOFF, {"days": days})
    if not await session.value(_ALONE):
        return cutoff, []
    return cutoff, [audit_id for (audit_id,) in await session.tuples(OLD, {"cutoff": cutoff, "most": most})]
