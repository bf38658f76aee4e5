"""Writes risk scores: the history of each driver, one row a day driven, and the latest in the driver's summary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import msgspec

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

_LATEST = """
UPDATE driver_summary AS stored
SET risk_score = latest.risk_score, risk_level = latest.risk_level, scored_day = latest.day
FROM unnest(cast(:drivers AS text[])) AS touched(driver)
LEFT JOIN LATERAL (
    SELECT risk_score, risk_level, day FROM risk_scores WHERE driver_id = driver ORDER BY day DESC LIMIT 1
) AS latest ON true
WHERE stored.driver_id = driver
RETURNING stored.driver_id, stored.risk_score
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
    columns = dict(zip(ScoredDay._fields, map(list, zip(*scored, strict=True)), strict=True))
    # One JSON array for all rows: an array of texts would have each quote in it escaped.
    factors = msgspec.json.encode(columns.pop("factors")).decode()
    await session.execute(_PUT, {"version": version, "factors": factors, **columns})


async def forget_empty(session: WriteSession, days: Sequence[tuple[str, date]]) -> None:
    """Delete the scores of days on which the driver, after all, made no trip."""
    drivers, on_days = map(list, zip(*days, strict=True))
    await session.execute(_FORGET, {"drivers": drivers, "days": on_days})


async def put_latest(session: WriteSession, drivers: Sequence[str]) -> dict[str, Decimal | None]:
    """Make each summary show the score of the driver's last trip day, and return these scores."""
    return dict(await session.tuples(_LATEST, {"drivers": list(drivers)}))
