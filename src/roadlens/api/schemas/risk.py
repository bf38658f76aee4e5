"""A driver's risk score, taken apart."""

from __future__ import annotations

import datetime
from typing import Any, Self

from pydantic import Field

from roadlens.api.schemas.answer import Answer, Score, example, kilometres
from roadlens.api.schemas.explained import Credibility, FactorWithCauses, Lower, Reason, explained
from roadlens.domain import RiskLevel
from roadlens.storage.reads.risk import RiskRow


class PastScore(Answer):
    day: datetime.date
    risk_score: Score | None
    risk_level: RiskLevel | None
    distance_km: float


_TRIP = "019c2a4b-7c00-8a11-9d3e-5f0a1b2c3d4e"
# Of a driver without a trip; `explained` has them of others.
_NOTHING: dict[str, Any] = {
    "window_days": None,
    "window_first_day": None,
    "window_trips": 0,
    "distance_needed_km": None,
    "credibility": None,
    "average_score": None,
    "factors": [],
    "reasons": [],
    "lower": [],
}


class DriverRisk(Answer):
    model_config = example(
        {
            "driver_id": "DRV-0001",
            "risk_score": 8.67,
            "risk_level": "low",
            "day": "2026-05-04",
            "score_version": 1,
            "window_days": 90,
            "window_first_day": "2026-02-04",
            "window_trips": 12,
            "distance_km": 250.0,
            "distance_needed_km": 50.0,
            "credibility": {"own": 0.5, "mean": 0.5, "prior_km": 250.0},
            "average_score": 7.33,
            "factors": [
                {
                    "factor": "harsh_braking",
                    "label": "Harsh braking",
                    "points": 8.67,
                    "weight": 22,
                    "observed": 4.0,
                    "credible": 3.25,
                    "expected": 2.5,
                    "unit": "per 100 km",
                    "relativity": 1.3,
                    "average_points": 7.33,
                    "above_average": 1.34,
                    "amount": 10,
                    "amount_unit": "events",
                    "score_without": 4.4,
                    "trips": [
                        {
                            "trip_id": _TRIP,
                            "started_at": "2026-05-04T15:58:02Z",
                            "day": "2026-05-04",
                            "distance_km": 14.212,
                            "amount": 3,
                            "share": 0.3,
                        }
                    ],
                    "events": [
                        {
                            "event_id": "019c2a50-1e20-8c00-b1d2-3a4b5c6d7e8f",
                            "trip_id": _TRIP,
                            "source": "device",
                            "occurred_at": "2026-05-04T16:03:05Z",
                            "severity": 3.9,
                            "confidence": 0.95,
                            "state": "needs_review",
                        }
                    ],
                    "all": "/api/v1/admin/events?driver_id=DRV-0001&event_type=harsh_braking",
                }
            ],
            "reasons": [
                {
                    "code": "harsh_braking_above_average",
                    "factor": "harsh_braking",
                    "points": 1.34,
                    "text": "Harsh braking: 10 in 250.0 km, 4.0 per 100 km; the portfolio's mean is 2.5 per 100 km. It "
                    "counts as 3.2 per 100 km, 1.3 times the mean, and adds 1.34 points over an average driver. "
                    "Most in a trip on 4 May 2026: 3.",
                    "trip_id": _TRIP,
                }
            ],
            "lower": [
                {
                    "code": "without_harsh_braking",
                    "factor": "harsh_braking",
                    "risk_score": 4.4,
                    "text": "Without the 10 events of harsh braking: 4.40.",
                }
            ],
            "history": [{"day": "2026-05-04", "risk_score": 8.67, "risk_level": "low", "distance_km": 250.0}],
        }
    )

    driver_id: str
    risk_score: Score | None = Field(description="0-100, higher is riskier; null while there is too little driving.")
    risk_level: RiskLevel | None
    day: datetime.date | None = Field(description="The day of the latest trip; null before the first.")
    score_version: int | None
    window_days: int | None = Field(description="How many days, that one included, the score looks back.")
    window_first_day: datetime.date | None = Field(description="The first of these days; `day` is the last.")
    window_trips: int = Field(description="Trips within the window.")
    distance_km: float = Field(description="Driven within the window.")
    distance_needed_km: float | None = Field(description="Below it there is no score.")
    credibility: Credibility | None = Field(description="How much the driver's own driving counts.")
    average_score: Score | None = Field(description="An average driver's: what is above it, the factors add up to.")
    factors: list[FactorWithCauses] = Field(description="Their points add up to the score.")
    reasons: list[Reason] = Field(description="Why it is above an average driver's, the strongest first, 4 at most.")
    lower: list[Lower] = Field(description="What would lower it, that which lowers it most first.")
    history: list[PastScore] = Field(description="One score a driven day, oldest first, 366 at most.")

    @classmethod
    def of(cls, row: RiskRow) -> Self:
        past = [
            {
                "day": score.day,
                "risk_score": score.risk_score,
                "risk_level": score.risk_level,
                "distance_km": kilometres(score.distance_m),
            }
            for score in row.history
        ]
        latest = row.latest
        return cls.model_validate(
            {
                "driver_id": row.driver_id,
                "risk_score": latest and latest.risk_score,
                "risk_level": latest and latest.risk_level,
                "day": latest and latest.day,
                "score_version": latest and latest.score_version,
                "distance_km": kilometres(latest.distance_m if latest else 0),
                **(explained(row.driver_id, latest) if latest else _NOTHING),
                "history": past,
            }
        )
