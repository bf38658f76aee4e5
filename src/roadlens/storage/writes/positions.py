"""Stores positions, once each, in the partition of their month."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from roadlens.storage.binary import COLUMNS, Positions, to_copy
from roadlens.storage.database import Database, WriteSession

_MONTH = "datetime64[M]"

_STAGE = "CREATE TEMPORARY TABLE IF NOT EXISTS arriving (LIKE positions) ON COMMIT DELETE ROWS"

# The rows go in sorted by key, so that two deliveries with common rows wait for each other in one order.
_STORE = f"""
WITH stored AS (
    INSERT INTO positions ({COLUMNS})
    SELECT {COLUMNS} FROM arriving ORDER BY device_id, fix_time, digest
    ON CONFLICT DO NOTHING
    RETURNING device_id, fix_time
), touched AS (
    SELECT device_id, min(fix_time) AS first, max(fix_time) AS last, count(*) AS added FROM stored GROUP BY device_id
), counted AS (
    UPDATE device_progress AS progress
    SET positions = progress.positions + touched.added, last_fix_at = greatest(progress.last_fix_at, touched.last)
    FROM touched WHERE progress.device_id = touched.device_id
)
SELECT device_id, first, last, added FROM touched ORDER BY device_id
"""


class Touched(NamedTuple):
    """What is new of a device: the span from `first` to `last` holds all `added` positions."""

    device_id: int
    first: datetime
    last: datetime
    added: int


async def store(session: WriteSession, positions: Positions) -> list[Touched]:
    """Insert the positions that are not there yet and say which span of each device they touched.

    Once a transaction. The caller holds the devices' `device_progress` rows and has made the partitions.
    """
    await session.execute(_STAGE)
    await session.copy_in(f"COPY arriving ({COLUMNS}) FROM STDIN (FORMAT BINARY)", to_copy(positions))
    return await session.rows(_STORE, Touched)


class Partitions:
    """The months that have a partition, remembered so that a batch asks the database only about new ones."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[str] = set()

    async def ensure(self, positions: Positions) -> None:
        """Make the partitions that the positions need, in a transaction of their own.

        A table is made first and attached then: `ATTACH` locks out neither readers nor writers of other partitions,
        `CREATE TABLE … PARTITION OF` would.
        """
        months = np.unique((positions["fix_time"] // 1_000_000).astype("datetime64[s]").astype(_MONTH))
        missing = [str(month) for month in months if str(month) not in self._known]
        if missing:
            async with self._database.write() as session:
                await _create(session, missing)
            self._known.update(missing)


async def _create(session: WriteSession, months: Iterable[str]) -> None:
    """`months` are ISO months that numpy wrote, such as 2019-05: digits and one dash, safe inside a name."""
    await session.execute("SELECT pg_advisory_xact_lock(hashtext('roadlens positions partitions'))")
    for month in months:
        name = f"positions_{month.replace('-', '_')}"
        if await session.value("SELECT to_regclass(:name)", {"name": name}) is not None:
            continue
        start = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        await session.execute(f"CREATE TABLE {name} (LIKE positions INCLUDING ALL)")
        await session.execute(
            f"ALTER TABLE positions ATTACH PARTITION {name} "
            f"FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
        )
