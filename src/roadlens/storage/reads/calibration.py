"""What a score version said of drivers before a day: the newest score of each, live or beside what is live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from roadlens.errors import NotFound
from roadlens.storage.arrays import array
from roadlens.storage.cursor import Batches, batches
from roadlens.storage.database import ReadSession

_COLUMNS = "day, risk_score::float AS risk_score, risk_level, distance_m, factors"

# `day < first` is what keeps everything that was driven in the period, or on its first day, out of it.
_BEFORE = f"""
SELECT place, asked.driver_id, drivers.driver_id IS NOT NULL AS known, {_COLUMNS}
FROM {{}}
LEFT JOIN drivers ON drivers.driver_id = asked.driver_id
LEFT JOIN LATERAL (
    (SELECT {_COLUMNS} FROM risk_scores
    WHERE risk_scores.driver_id = asked.driver_id AND day < first AND score_version = :version
    ORDER BY day DESC LIMIT 1)
    UNION ALL
    (SELECT {_COLUMNS} FROM rescored_risk
    WHERE rescored_risk.driver_id = asked.driver_id AND day < first AND score_version = :version
    ORDER BY day DESC LIMIT 1)
    ORDER BY day DESC LIMIT 1
) AS latest ON true
ORDER BY place
"""
_ASKED = """unnest(cast(:driver_ids AS text[]), cast(:firsts AS date[])) WITH ORDINALITY
    AS asked(driver_id, first, place)"""
_EVERYBODY = """(
    SELECT driver_id, cast(:first AS date) AS first, row_number() OVER (ORDER BY driver_id) AS place FROM drivers
) AS asked"""

_VERSION = """
SELECT version, parameters, (now() AT TIME ZONE timezone)::date AS today FROM score_versions, installation
WHERE CASE WHEN cast(:version AS int) IS NULL THEN active ELSE version = :version END
"""


@dataclass(frozen=True, slots=True)
class ScoreBefore:
    """A driver's newest score before a day. `place` counts what was asked for from 1.

    `known` is False if there is no such driver. Without a row before the day everything from `day` on is None; with too
    little driving the score is None, and `factors` are empty.
    """

    place: int
    driver_id: str
    known: bool
    day: date | None
    risk_score: float | None
    risk_level: str | None
    distance_m: int | None
    factors: list[dict[str, Any]] | None


@dataclass(frozen=True, slots=True)
class Version:
    """A score version, and which day it is where days are counted."""

    version: int
    parameters: dict[str, Any]
    today: date

    @property
    def window_days(self) -> float:
        return float(self.parameters["risk_window_days"])


async def version(session: ReadSession, number: int | None) -> Version:
    """A score version, or the active one.

    Raises:
        NotFound: there is no such version.
    """
    found = await session.row(_VERSION, Version, {"version": number})
    if found is None:
        raise NotFound(f"There is no score version {number}: `roadlens score versions` lists those there are.")
    return found


def before(
    session: ReadSession, driver_ids: Sequence[str], firsts: Sequence[date], number: int
) -> Batches[ScoreBefore]:
    """For each driver and day, in their order, what the version said before that day began."""
    params = {"driver_ids": array(driver_ids), "firsts": array(firsts), "version": number}
    return batches(session, _BEFORE.format(_ASKED), ScoreBefore, params)


def everybody(session: ReadSession, first: date, number: int) -> Batches[ScoreBefore]:
    """The same for all drivers and one day, by driver."""
    return batches(session, _BEFORE.format(_EVERYBODY), ScoreBefore, {"first": first, "version": number})
