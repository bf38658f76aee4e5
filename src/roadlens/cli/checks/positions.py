"""Whether the months of positions are those that there should be: none of the future, none too old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from roadlens.cli.checks.finding import Finding
from roadlens.settings import Settings
from roadlens.storage.database import Database
from roadlens.storage.reads import partitions, server_facts

_error = partial(Finding, "positions", "error")
_warning = partial(Finding, "positions", "warning")


async def check(database: Database, settings: Settings) -> list[Finding]:
    """Raises:
    DatabaseUnavailable: it cannot be asked.
    """
    found = []
    async with database.read() as session:
        months = await partitions.months(session)
        rest = await server_facts.default_partition(session)
        kept_from = await partitions.kept_from(session)
        days = settings.position_retention_days
        cutoff = None if days is None else await partitions.cutoff(session, days)
    if rest is not None:
        found.append(
            _error(
                f"{rest} takes positions of every month that has no partition",
                "A partition for such a month cannot be made any more: its positions are refused, and never dropped.",
                f"Move its rows elsewhere, DROP TABLE {rest}, and send them again.",
            )
        )
    future = [month for month in months if month.first > datetime.now(UTC) + timedelta(days=2)]
    if future:
        found.append(
            _warning(
                f"there are positions of {future[-1].first:%Y-%m}",
                "A device's clock was wrong, or this machine's was: those trips stand before all others.",
                "`date -u` tells; SELECT DISTINCT device_id FROM positions WHERE fix_time > now() finds devices.",
            )
        )
    if kept_from is not None and any(month.until <= kept_from for month in months):
        found.append(
            _error(
                f"there are partitions from before {kept_from:%Y-%m-%d}, from when on positions are kept",
                "Somebody has made them by hand, or restored a part of a backup.",
                "`roadlens db retain` drops them.",
            )
        )
    elif cutoff is not None and (old := [month for month in months if month.until <= cutoff]):
        found.append(
            _warning(
                f"{len(old)} months of positions are older than ROADLENS_POSITION_RETENTION_DAYS ({days})",
                "They were to be dropped: no server runs, or its role does not own the tables, or they are in use.",
                "`roadlens db retain` drops them, or says what is in the way.",
            )
        )
    return found
