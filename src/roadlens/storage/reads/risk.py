"""A driver's risk: the latest score with its factors, and how the score went before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from roadlens.storage.database import ReadSession

# More than a year of scores says nothing about today's driving.
LONGEST_HISTORY = 366

_RISK = f"""
SELECT driver_id, latest.risk_score, latest.risk_level, latest.day, latest.score_version, latest.distance_m,
    latest.factors, (parameters ->> 'risk_window_days')::float AS window_days,
    (SELECT json_agg(past ORDER BY day) FROM (
        SELECT day, risk_score, risk_level, distance_m FROM risk_scores
        WHERE driver_id = :driver_id ORDER BY day DESC LIMIT {LONGEST_HISTORY}
    ) AS past) AS history
FROM drivers
LEFT JOIN LATERAL (
    SELECT * FROM risk_scores WHERE driver_id = :driver_id ORDER BY day DESC LIMIT 1
) AS latest USING (driver_id)
LEFT JOIN score_versions ON score_versions.version = latest.score_version
WHERE driver_id = :driver_id
"""


@dataclass(frozen=True, slots=True)
class PastScore:
    """A day's score over the window that ends with it; None while the window holds too little driving."""

    day: date
    risk_score: float | None
    risk_level: str | None
    distance_m: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRow:
    """Everything but the id is None, and the lists empty, for a driver who has not driven yet."""

    driver_id: str
    risk_score: Decimal | None
    risk_level: str | None
    day: date | None
    score_version: int | None
    window_days: float | None
    distance_m: int | None
    factors: list[dict[str, Any]]
    history: list[PastScore]


async def risk(session: ReadSession, driver_id: str) -> RiskRow | None:
    """The driver's risk; None if there is no such driver. History is oldest first."""

    def row(factors: Any, history: Any, **columns: Any) -> RiskRow:
        return RiskRow(factors=factors or [], history=msgspec.convert(history or [], list[PastScore]), **columns)

    return await session.row(_RISK, row, {"driver_id": driver_id})
