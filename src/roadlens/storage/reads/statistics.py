"""A driver's statistics over the last days: sums over `driver_day`, one row a driven day."""

from __future__ import annotations

from dataclasses import dataclass

from roadlens.domain import EVENT_TYPES
from roadlens.storage.database import ReadSession

_SUMMED = (
    "trips", "distance_m", "duration_s", "moving_s", "night_m", "rush_hour_m", "weekend_m", "speeding_m",
    *(kind.value for kind in EVENT_TYPES),
)  # fmt: skip

_STATISTICS = f"""
SELECT {", ".join(f"coalesce(sum({column}), 0)::bigint AS {column}" for column in _SUMMED)},
    max(top_speed_kmh) AS top_speed_kmh, count(day) AS driven_days
FROM drivers CROSS JOIN installation
LEFT JOIN driver_day ON driver_day.driver_id = drivers.driver_id
    AND day > (now() AT TIME ZONE timezone)::date - cast(:days AS int) AND day <= (now() AT TIME ZONE timezone)::date
WHERE drivers.driver_id = :driver_id
GROUP BY drivers.driver_id
"""


@dataclass(frozen=True, slots=True)
class StatisticsRow:
    """Sums of metres, seconds and events. `top_speed_kmh` is None without a trip."""

    trips: int
    distance_m: int
    duration_s: int
    moving_s: int
    night_m: int
    rush_hour_m: int
    weekend_m: int
    speeding_m: int
    harsh_braking: int
    rapid_acceleration: int
    harsh_cornering: int
    speeding: int
    phone_use: int
    top_speed_kmh: float | None
    driven_days: int


async def statistics(session: ReadSession, driver_id: str, days: int) -> StatisticsRow | None:
    """The last `days` calendar days, today included; None if there is no such driver."""
    return await session.row(_STATISTICS, StatisticsRow, {"driver_id": driver_id, "days": days})
