"""Whether a change is heard: by a real one that goes the whole way, from note to notification; and who must hear."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial

from roadlens.cli.checks.finding import Finding
from roadlens.errors import Overloaded
from roadlens.storage.change_feed.lease import LEASE_S
from roadlens.storage.database import Database
from roadlens.storage.reads import cache_state, watched_tables
from roadlens.storage.reads.cache_state import Worker
from roadlens.storage.round_trip import Trip, round_trip

# Seconds. A notification takes milliseconds.
_SLOW_S = 0.5

_error = partial(Finding, "feed", "error")
_warning = partial(Finding, "feed", "warning")

logger = logging.getLogger(__name__)


async def check(database: Database, url: str) -> list[Finding]:
    """Raises:
    DatabaseUnavailable: it cannot be asked.
    """
    async with database.read() as session:
        triggers = await watched_tables.differences(session)
        workers = await cache_state.workers(session)
    found = [
        _error(
            f"{difference}",
            "Workers do not hear of changes, and answer from before them.",
            "Restore the trigger as the migrations make it, or a backup; then `roadlens cache clear '*'`.",
        )
        for difference in triggers
    ]
    return [*found, *_workers(workers), *(await _round_trip(database, url))]


async def _round_trip(database: Database, url: str) -> list[Finding]:
    try:
        trip = await round_trip(database, url)
    except Overloaded as error:
        return [_warning("a change could not be made", error.detail, "Run it again when fewer are editing.")]
    return list(_judged(trip))


def _judged(trip: Trip) -> Iterator[Finding]:
    if trip.moved:
        yield _error(
            "two transactions of one connection ran in different sessions: a pooler stands before PostgreSQL",
            "Notifications get lost there, so no worker can trust what it keeps: every answer is computed.",
            "Let DATABASE_URL lead to PostgreSQL itself, or to a pooler in session mode.",
        )
    if trip.seconds is None:
        yield _error(
            "a change was committed and not heard of",
            "Workers would answer from before it; those that notice compute every answer.",
            "See that the triggers stand, and that DATABASE_URL leads to PostgreSQL itself and not to a pooler.",
        )
    elif trip.seconds > _SLOW_S:
        yield _warning(
            f"a change was heard after {trip.seconds:.1f} s",
            "Every edit waits for that.",
            "Look for load on PostgreSQL, and for transactions that listen and stay open.",
        )


def _workers(workers: list[Worker]) -> Iterator[Finding]:
    for worker in workers:
        if worker.silent_s > 5 * LEASE_S:
            yield _warning(
                f"a worker ({worker.host}, process {worker.pid}) has been silent for {worker.silent_s:.0f} s",
                f"The next edit waits {LEASE_S:.0f} s for it, and then takes it for dead.",
                "Nothing, if that process has gone; otherwise restart it.",
            )
        if stale := worker.counts.get("audit", {}).get("stale", 0):
            yield _error(
                f"a worker ({worker.host}, process {worker.pid}) has found {stale} answers stale that it audited",
                "An edit was not heard of, or somebody changed what triggers do not see.",
                "`roadlens cache stats` names them. Clear with `roadlens cache clear '*'`, and report it.",
            )
