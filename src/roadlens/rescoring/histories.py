"""Scores drivers' histories by a version, over the days that its trips add up to, with the function that is live."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

from roadlens.rescoring.rules import read_version
from roadlens.rescoring.tasks import Counts, Done
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.reads import rebuilds as read
from roadlens.storage.reads.scores import DrivenDay
from roadlens.storage.writes import rebuilds as write
from roadlens.telemetry.rescore import history
from roadlens.telemetry.work import Rules


async def rate(database: Database, version: int, drivers: Sequence[str]) -> Done:
    """Score every day of these drivers and store it, in one transaction.

    Raises:
        DatabaseUnavailable: nothing was stored.
    """
    began = time.perf_counter()

    async def run(session: WriteSession) -> None:
        rules = await read_version(session, version)
        there = await write.hold_drivers(session, drivers)
        days = await read.driven_days(session, version, there)
        scored = [
            row
            for _, group in groupby(days, key=lambda day: day.driver_id)
            for driven in (list(group),)
            for row in history(rules, driven, _reaching_all(rules, driven))
        ]
        await write.put_histories(session, version, there, scored)

    await database.retrying(run)
    return Done(Counts(drivers=len(drivers)), {"histories": time.perf_counter() - began})


def _reaching_all(rules: Rules, driven: Sequence[DrivenDay]) -> Iterator[date]:
    """As few days as reach, each with the window that begins with it, all of a driver's days."""
    reached: date | None = None
    for row in driven:
        if reached is None or row.day >= reached:
            reached = row.day + timedelta(days=rules.parameters.risk_window_days)
            yield row.day
