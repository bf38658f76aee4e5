"""The months of positions: from when on they are kept, how large each is, and how many positions it has."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from roadlens.domain import SHORTEST_RETENTION_DAYS
from roadlens.storage.database import ReadSession

# The end of a partition stands in its bounds alone. One without an end, which nobody here makes, is no month.
_MONTHS = """
SELECT partition.oid::regclass::text AS name, cast(bounds[1] AS timestamptz) AS first,
    cast(bounds[2] AS timestamptz) AS until, pg_total_relation_size(partition.oid) AS bytes,
    CASE WHEN reltuples >= 0 THEN reltuples::bigint END AS about
FROM pg_inherits JOIN pg_class AS partition ON partition.oid = inhrelid
CROSS JOIN LATERAL regexp_match(
    pg_get_expr(relpartbound, partition.oid), $$FROM \\('(.+)'\\) TO \\('(.+)'\\)$$) AS bounds
WHERE inhparent = 'positions'::regclass AND bounds IS NOT NULL
ORDER BY until
"""

# By the database's clock: servers and commands on several machines mean the same month.
_CUTOFF = "SELECT date_trunc('month', now() - make_interval(days => :days), 'UTC')"

_COUNTS = "SELECT tableoid::regclass::text, count(*) FROM positions WHERE fix_time < :before GROUP BY 1"

# Who has had positions for longest. What others do of other users is not shown, but for the process.
_IN_THE_WAY = """
SELECT coalesce(nullif(application_name, ''), 'somebody') || ', process ' || pid
    || coalesce(', for ' || extract(epoch FROM clock_timestamp() - xact_start)::int || ' s', '')
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE granted AND pid <> pg_backend_pid() AND database = datid AND datname = current_database()
    AND relation IN (SELECT relid FROM pg_partition_tree('positions'))
ORDER BY xact_start LIMIT 1
"""


class Month(NamedTuple):
    """A partition: positions from `first` until before `until`.

    `bytes` counts its indexes in; `about` is how many rows it had when PostgreSQL last looked, None if it never has.
    """

    name: str
    first: datetime
    until: datetime
    bytes: int
    about: int | None


async def months(session: ReadSession) -> list[Month]:
    """The partitions by time; no position is read."""
    return await session.rows(_MONTHS, Month)


async def counts(session: ReadSession, before: datetime) -> dict[str, int]:
    """How many positions from before that moment each partition has. All of them are read."""
    return dict(await session.tuples(_COUNTS, {"before": before}))


async def cutoff(session: ReadSession, days: int) -> datetime:
    """The first moment, UTC, of the oldest month that has any of the last `days` days."""
    found: datetime = await session.value(_CUTOFF, {"days": max(days, SHORTEST_RETENTION_DAYS)})
    return found


async def kept_from(session: ReadSession) -> datetime | None:
    """From when on positions are kept: older ones have been dropped. None: none have."""
    found: datetime | None = await session.value("SELECT positions_from FROM installation")
    return found


async def in_the_way(session: ReadSession) -> str | None:
    """Who uses positions now, and has done so for longest, in words; None if nobody does."""
    found: str | None = await session.value(_IN_THE_WAY)
    return found
