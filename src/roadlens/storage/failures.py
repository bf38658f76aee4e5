"""How PostgreSQL fails: away, busy, deadlocked; what each is called in Roadlens's own errors and to those who count."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from roadlens.errors import DatabaseUnavailable, Overloaded

# Classes of SQLSTATE (PostgreSQL manual, appendix A) that mean "not now": connection, resources, operator intervention,
# system error, and a lock that was not to be had in time.
_AWAY = ("08", "53", "57P", "58", "55P03")
DEADLOCK = ("40001", "40P01")
_CANCELLED = "57014"
_TAKEN = "23"
_NO_TABLE = "42P01"

AWAY_DETAIL = "The database does not answer. Nothing was changed; try again in a few seconds."
_EMPTY_DETAIL = (
    "The database lacks tables of Roadlens, as while a backup is restored. Nothing was changed; try again when that is "
    "done. If none is restored, `roadlens doctor` says what is missing."
)


class Failure(Enum):
    """What kind of failure it was."""

    AWAY = "away"  # not to be reached, out of something, a lock that did not come, or without its tables
    DEADLOCK = "deadlock"  # ended by PostgreSQL for another transaction's sake
    REFUSED = "refused"  # a constraint said no
    CANCELLED = "cancelled"  # somebody ended it, or its time was over
    OTHER = "other"


def kind_of(error: BaseException) -> Failure:
    """Of an error of the driver's."""
    state = sqlstate(error) or ""
    if _is_away(error) or state == _NO_TABLE:
        return Failure.AWAY
    if state in DEADLOCK:
        return Failure.DEADLOCK
    if state == _CANCELLED:
        return Failure.CANCELLED
    return Failure.REFUSED if state.startswith(_TAKEN) else Failure.OTHER


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code; None where the driver failed by itself."""
    state: str | None = getattr(getattr(error, "orig", error), "sqlstate", None)
    return state


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Turn "away" into DatabaseUnavailable and "in the way" into Overloaded, however the driver says it."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable("All database connections are in use. Try again in a few seconds.") from error
    except (DBAPIError, psycopg.Error) as error:
        if _is_away(error):
            raise DatabaseUnavailable(AWAY_DETAIL) from error
        if sqlstate(error) == _NO_TABLE:
            raise DatabaseUnavailable(_EMPTY_DETAIL) from error
        if sqlstate(error) in DEADLOCK:
            raise Overloaded("Somebody else is changing the same. Nothing was changed; try again.") from error
        raise


def _is_away(error: BaseException) -> bool:
    state = sqlstate(error)
    operational = isinstance(getattr(error, "orig", error), psycopg.OperationalError | psycopg.InterfaceError)
    return (state is None and operational) or (state or "").startswith(_AWAY)
