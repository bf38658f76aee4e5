"""Writes risk scores: the history of each driver, one row a day driven."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import msgspec

from roadlens.storage.arrays import arrays
from roadlens.storage.database import WriteSession

_PUT = """
INSERT INTO risk_scores (driver_id, day, risk_score, risk_level, distance_m, factors, score_version)
SELECT driver_id, day, risk_score, risk_level, distance_m, factors, :version
FROM ROWS FROM (
    unnest(cast(:driver_id AS text[])), unnest(cast(:day AS date[])), unnest(cast(:risk_score AS numeric[])),
    unnest(cast(:risk_level AS text[])), unnest(cast(:distance_m AS int[])),
    jsonb_array_elements(cast(:factors AS jsonb))
) AS scored(driver_id, day, risk_score, risk_level, distance_m, factors)
ON CONFLICT (driver_id, day) DO UPDATE SET risk_score = excluded.risk_score, risk_level = excluded.risk_level,
    distance_m = excluded.distance_m, factors = excluded.factors, score_version = excluded.score_version
"""

_FORGET = """
DELETE FROM risk_scores USING unnest(cast(:drivers AS text[]), cast(:days AS date[])) AS touched(driver, on_day)
WHERE driver_id = driver AND day = on_day
    AND NOT EXISTS (SELECT FROM driver_day WHERE driver_day.driver_id = driver AND driver_day.day = on_day)
"""


class ScoredDay(NamedTuple):
    """A driver's score at the end of a day: over the window that ends with it. `distance_m` is the window's.

    `factors` are mappings or dataclasses, stored as JSON objects.
    """

    driver_id: str
    day: date
    risk_score: Decimal | None
    risk_level: str | None
    distance_m: int
    factors: Sequence[object]


async def put(session: WriteSession, scored: Sequence[ScoredDay], version: int) -> None:
    """Write these days' scores, over older ones."""
    if not scored:
        return
    columns = arrays(ScoredDay._fields[:-1], [row[:-1] for row in scored])
    # One JSON array for all rows: an array of texts would have each quote in it escaped.
    factors = msgspec.json.encode([row.factors for row in scored]).decode()
    await session.execute(_PUT, {"version": version, "factors": factors, **columns})


async def forget_empty(session: WriteSession, days: Sequence[tuple[str, date]]) -> None:
    """Delete the scores of days on which the driver, after all, made no trip."""
    drivers, on_days = map(list, zip(*days, strict=True))
    await session.execute(_FORGET, {"drivers": drivers, "days": on_days})


async def remove_of_driver(session: WriteSession, driver_id: str) -> None:
    """Delete all scores of a driver."""
    await session.execute("DELETE FROM risk_scores WHERE driver_id = :driver_id", {"driver_id": driver_id})
