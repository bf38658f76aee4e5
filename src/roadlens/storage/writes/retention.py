"""Drops whole months of positions, in one transaction with the word that they are gone.

Deliveries must neither meet a month that vanishes beneath them nor stand long behind who makes it vanish. Whoever drops
has the table for itself (`lock`), asks for that but briefly, and does nothing while it has it but forget some files'
names. PostgreSQL takes the files away after the commit, when others go on already.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import DBAPIError

from roadlens.storage.database import ReadSession, WriteSession
from roadlens.storage.reads.partitions import Month

_ALONE = "SELECT pg_try_advisory_xact_lock(hashtext('roadlens retention'))"

_PATIENCE = "SELECT set_config('lock_timeout', :milliseconds || 'ms', true)"
_LOCK_NOT_AVAILABLE = "55P03"

_FORGET = "UPDATE installation SET positions_from = greatest(positions_from, :moment)"


class InTheWay(Exception):
    """Others have used the table for all of the time that was given. The transaction is lost."""


async def alone(session: ReadSession) -> bool:
    """Whether nobody else drops months until this transaction ends; does not wait."""
    return bool(await session.value(_ALONE))


async def lock(session: WriteSession, patience_s: float) -> None:
    """Have the positions alone until the transaction ends. Everybody who comes later waits for as long as this does.

    Raises:
        InTheWay: somebody had them for all that time.
    """
    await session.execute(_PATIENCE, {"milliseconds": str(round(patience_s * 1000))})
    await _patiently(session, "LOCK TABLE ONLY positions IN ACCESS EXCLUSIVE MODE")


async def drop(session: WriteSession, months: Sequence[Month], kept_from: datetime) -> None:
    """Drop the months, and say that all from before `kept_from` is gone. The caller has the positions alone.

    Raises:
        InTheWay: somebody has one of the months, past the table that it is of.
    """
    await session.execute(_FORGET, {"moment": kept_from})
    if months:
        # The names are the catalogue's own, quoted where they must be.
        await _patiently(session, f"DROP TABLE {', '.join(month.name for month in months)}")


async def _patiently(session: WriteSession, statement: str) -> None:
    try:
        await session.execute(statement)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise InTheWay from error
        raise
