"""A driver's statistics over a period."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from roadlens.api.schemas.answer import Answer, example, kilometres
from roadlens.api.schemas.trips import EventCounts
from roadlens.domain import EVENT_TYPES
from roadlens.storage.reads.statistics import StatisticsRow


class EventRates(Answer):
    """Events per 100 km."""

    harsh_braking: float
    rapid_acceleration: float
    harsh_cornering: float
    speeding: float
    phone_use: float


class DriverStatistics(Answer):
    model_config = example(
        {
            "driver_id": "DRV-0001",
            "period_days": 30,
            "driven_days": 21,
            "trips": 64,
            "distance_km": 803.5,
            "duration_s": 84410,
            "mean_speed_kmh": 38.2,
            "top_speed_kmh": 118.4,
            "event_counts": {
                "harsh_braking": 16,
                "rapid_acceleration": 9,
                "harsh_cornering": 12,
                "speeding": 4,
                "phone_use": 0,
            },
            "events_per_100_km": {
                "harsh_braking": 1.99,
                "rapid_acceleration": 1.12,
                "harsh_cornering": 1.49,
                "speeding": 0.5,
                "phone_use": 0.0,
            },
            "night_share": 0.04,
            "rush_hour_share": 0.41,
            "weekend_share": 0.12,
            "speeding_share": 0.02,
        }
    )

    driver_id: str
    period_days: int
    driven_days: int
    trips: int
    distance_km: float
    duration_s: int
    mean_speed_kmh: float | None = Field(description="While moving; null without driving, as are rates and shares.")
    top_speed_kmh: float | None
    event_counts: EventCounts
    events_per_100_km: EventRates | None
    night_share: float | None = Field(description="Of the distance, 0-1; so are the other shares.")
    rush_hour_share: float | None
    weekend_share: float | None
    speeding_share: float | None

    @classmethod
    def of(cls, driver_id: str, period_days: int, row: StatisticsRow) -> Self:
        def share(metres: int) -> float | None:
            return round(metres / row.distance_m, 4) if row.distance_m else None

        return cls(
            driver_id=driver_id,
            period_days=period_days,
            driven_days=row.driven_days,
            trips=row.trips,
            distance_km=kilometres(row.distance_m),
            duration_s=row.duration_s,
            mean_speed_kmh=round(row.distance_m / row.moving_s * 3.6, 1) if row.moving_s else None,
            top_speed_kmh=row.top_speed_kmh,
            event_counts=EventCounts.model_validate(row),
            events_per_100_km=EventRates(
                **{kind: round(getattr(row, kind) / row.distance_m * 100_000, 2) for kind in EVENT_TYPES}
            )
            if row.distance_m
            else None,
            night_share=share(row.night_m),
            rush_hour_share=share(row.rush_hour_m),
            weekend_share=share(row.weekend_m),
            speeding_share=share(row.speeding_m),
        )
