"""The drivers with the highest latest scores, and what makes them so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from roadlens.storage.database import ReadSession

# The order is that of the index which the list of drivers walks by risk; factors are looked for of these few alone.
_RISKIEST = """
SELECT driver_id, first_name, last_name, risk_score, risk_level, scored_day AS day, trips, distance_m, last_trip_at,
    main_factor
FROM (
    SELECT * FROM driver_summary AS summary WHERE coalesce(summary.risk_score, -1) >= 0
    ORDER BY coalesce(summary.risk_score, -1) DESC, summary.driver_id DESC LIMIT :limit
) AS riskiest JOIN drivers USING (driver_id)
LEFT JOIN LATERAL (
    SELECT factor AS main_factor
    FROM risk_scores, LATERAL jsonb_array_elements(factors) WITH ORDINALITY AS listed (factor, place)
    WHERE risk_scores.driver_id = riskiest.driver_id AND risk_scores.day = riskiest.scored_day
        AND cast(factor ->> 'points' AS numeric) > 0
    ORDER BY cast(factor ->> 'points' AS numeric) DESC, place LIMIT 1
) AS explained ON true
ORDER BY risk_score DESC, driver_id DESC
"""


@dataclass(frozen=True, slots=True)
class Riskiest:
    """`main_factor` is the one that adds most points; None if none adds any."""

    driver_id: str
    first_name: str
    last_name: str
    risk_score: Decimal
    risk_level: str
    day: date
    trips: int
    distance_m: int
    last_trip_at: datetime | None
    main_factor: dict[str, Any] | None


async def riskiest(session: ReadSession, limit: int) -> list[Riskiest]:
    """The riskiest first; none without a score."""
    return await session.rows(_RISKIEST, Riskiest, {"limit": limit})
