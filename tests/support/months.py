"""Positions of months that are long past, beside those of a month that is kept; and what is there of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from roadlens.domain import SHORTEST_RETENTION_DAYS
from roadlens.storage.database import Database
from roadlens.storage.reads import partitions
from roadlens.telemetry.batch import Fix
from tests.support.fleet import NOON


async def boundary(database: Database, days: int = SHORTEST_RETENTION_DAYS) -> datetime:
    """From when on positions are kept if those of so many days are."""
    async with database.read() as session:
        return await partitions.cutoff(session, days)


def moved(fixes: Iterable[Fix], begin: datetime) -> list[Fix]:
    """Fixes that count from noon, as if from another moment."""
    shift = round((begin - NOON).total_seconds() * 1e6)
    return [fix._replace(fix_time=fix.fix_time + shift) for fix in fixes]


async def kept_months(database: Database) -> list[str]:
    async with database.read() as session:
        return [month.name for month in await partitions.months(session)]


async def kept_from(database: Database) -> datetime | None:
    async with database.read() as session:
        return await partitions.kept_from(session)


async def stored(database: Database) -> int:
    async with database.read() as session:
        return int(await session.value("SELECT count(*) FROM positions"))
