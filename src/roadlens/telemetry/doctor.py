"""Recomputes what is derived: read models from trips, and risk scores from driven days by the rules that hold; and
which states of events follow from the reviews.

And sees that the triggers stand which tell workers of changes, and those that keep the log of changes whole.
"""

from __future__ import annotations

from datetime import date
from itertools import groupby

from roadlens.storage.database import Database, ReadSession
from roadlens.storage.reads import audit_seals, read_models, scores, watched_tables
from roadlens.storage.reads.read_models import Difference
from roadlens.telemetry import reviewing
from roadlens.telemetry.rescore import history
from roadlens.telemetry.rules import read_rules
from roadlens.telemetry.work import Rules

_DRIVERS_AT_ONCE = 1000
_EVER = date(1970, 1, 1)


async def differences(database: Database) -> list[Difference]:
    """Every difference found, in one snapshot of the database.

    Raises:
        DatabaseUnavailable: the database is away.
    """
    async with database.read() as session:
        found = await watched_tables.differences(session) + await audit_seals.guards(session)
        found += await read_models.differences(session)
        rules = await read_rules(session)
        found += await reviewing.differences(session, rules.parameters)
        after = ""
        while drivers := await scores.drivers_after(session, after, _DRIVERS_AT_ONCE):
            found += await _score_differences(session, rules, drivers)
            after = drivers[-1]
    return found


async def _score_differences(session: ReadSession, rules: Rules, drivers: list[str]) -> list[Difference]:
    """The stored scores that another computation over the same days does not give. Scores of older versions stand."""
    driven = await scores.driven_days(session, drivers, [_EVER] * len(drivers))
    expected = {
        (scored.driver_id, scored.day): {"risk_score": scored.risk_score, "distance_m": scored.distance_m}
        for _, group in groupby(driven, key=lambda row: row.driver_id)
        for days in (list(group),)
        for scored in history(rules, days, {row.day for row in days})
    }
    stored = {
        (row.driver_id, row.day): {"risk_score": row.risk_score, "distance_m": row.distance_m}
        for row in await scores.stored_scores(session, drivers, rules.version)
    }
    return [
        Difference("risk_scores", f"{driver} {day}", expected.get((driver, day)), stored.get((driver, day)))
        for driver, day in sorted(expected.keys() | stored.keys())
        if expected.get((driver, day)) != stored.get((driver, day))
    ]
