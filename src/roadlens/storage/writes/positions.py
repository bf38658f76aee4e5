"""Stores positions, once each, in the partition of their month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from roadlens.domain import unix_microseconds
from roadlens.storage.binary import COLUMNS, Positions, to_copy
from roadlens.storage.database import WriteSession
from roadlens.storage.reads import partitions

_MONTH = "datetime64[M]"

# Asked of the catalogue's rows: `to_regclass` may answer from the connection's memory of a moment ago.
_FOUND = """
SELECT month FROM unnest(cast(:months AS text[])) AS month
JOIN pg_class ON relname = 'positions_' || replace(month, '-', '_')
JOIN pg_inherits ON inhrelid = pg_class.oid AND inhparent = 'positions'::regclass
"""

# Far less than `SHORTEST_RETENTION_DAYS`: the clocks of server and database may differ.
_NEVER_DROPPED = timedelta(days=7)

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

    Once a transaction. The caller holds the devices' `device_progress` rows and has seen to the partitions.
    """
    await session.execute(_STAGE)
    await session.copy_in(f"COPY arriving ({COLUMNS}) FROM STDIN (FORMAT BINARY)", to_copy(positions))
    return await session.rows(_STORE, Touched)


async def hold(session: WriteSession) -> None:
    """Let nobody drop positions until the transaction ends. Whoever has stored some holds them already."""
    await session.execute("LOCK TABLE ONLY positions IN ROW EXCLUSIVE MODE")


class Partitions:
    """The months that have a partition, remembered so that a batch asks the database only about new ones."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    async def kept_from(self, session: WriteSession, arrived: Positions, now: datetime) -> datetime | None:
        """From when on positions are kept, as far as it matters to these; None: all of them are, for good or for now.

        Where there are old ones among them, nobody drops positions until the transaction ends: a month that is kept
        when they are judged is still there when they are stored. Live ones cost no statement.
        """
        if not len(arrived) or arrived["fix_time"].min() >= unix_microseconds(now - _NEVER_DROPPED):
            return None
        await hold(session)
        # A statement of its own: one that waited for the lock may have looked before it had it.
        return await partitions.kept_from(session)

    async def ensure(self, session: WriteSession, positions: Positions) -> None:
        """Make the partitions that the positions need, in the transaction that stores them.

        Not on a connection of its own: deliveries that hold all of a pool's would wait for one more for ever. A month
        is remembered when it is found, not when it is made, for the transaction that makes it may yet roll back.
        """
        months = np.unique((positions["fix_time"] // 1_000_000).astype("datetime64[s]").astype(_MONTH))
        new = [str(month) for month in months if str(month) not in self._known]
        if new:
            found = {month for (month,) in await session.tuples(_FOUND, {"months": new})}
            self._known |= found
            await _create(session, [month for month in new if month not in found])


async def _create(session: WriteSession, months: Sequence[str]) -> None:
    """`months` are ISO months that numpy wrote, such as 2019-05: digits and one dash, safe inside a name.

    Deliveries that need new months come one after the other; the second finds what the first has made. The database
    makes them with the rights of the tables' owner, so that a server need not have those.
    """
    if not months:
        return
    await session.execute("SELECT pg_advisory_xact_lock(hashtext('roadlens positions partitions'))")
    found = {month for (month,) in await session.tuples(_FOUND, {"months": list(months)})}
    for month in months:
        if month in found:
            continue
        await session.execute("SELECT roadlens_make_month(cast(:first AS date))", {"first": f"{month}-01"})
