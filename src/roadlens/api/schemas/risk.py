"""A driver's risk score, taken apart."""

from __future__ import annotations

import datetime
from typing import Self

from pydantic import Field

from roadlens.api.schemas.answer import Answer, Score, example, kilometres
from roadlens.domain import RiskLevel
from roadlens.storage.reads.risk import RiskRow


class RiskFactor(Answer):
    factor: str
    label: str
    points: float = Field(description="What it adds to the score.")
    weight: float = Field(description="The most it can add.")
    observed: float = Field(description="The driver's rate, in `unit`.")
    credible: float = Field(description="The same, drawn towards `expected` while there is little driving.")
    expected: float = Field(description="The portfolio's mean.")
    unit: str


class PastScore(Answer):
    day: datetime.date
    risk_score: Score | None
    risk_level: RiskLevel | None
    distance_km: float


class DriverRisk(Answer):
    model_config = example(
        {
            "driver_id": "DRV-0001",
            "risk_score": 9.13,
            "risk_level": "low",
            "day": "2026-05-04",
            "score_version": 1,
            "window_days": 90,
            "distance_km": 2204.317,
            "factors": [
                {
                    "factor": "harsh_braking",
                    "label": "Harsh braking",
                    "points": 9.13,
                    "weight": 22,
                    "observed": 3.6,
                    "credible": 3.49,
                    "expected": 2.5,
                    "unit": "per 100 km",
                }
            ],
            "history": [{"day": "2026-05-04", "risk_score": 9.13, "risk_level": "low", "distance_km": 2204.317}],
        }
    )

    driver_id: str
    risk_score: Score | None = Field(description="0-100, higher is riskier; null while there is too little driving.")
    risk_level: RiskLevel | None
    day: datetime.date | None = Field(description="The day of the latest trip; null before the first.")
    score_version: int | None
    window_days: int | None = Field(description="How many days, that one included, the score looks back.")
    distance_km: float = Field(description="Driven within the window.")
    factors: list[RiskFactor] = Field(description="Their points add up to the score.")
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
        return cls.model_validate(
            {
                "driver_id": row.driver_id,
                "risk_score": row.risk_score,
                "risk_level": row.risk_level,
                "day": row.day,
                "score_version": row.score_version,
                "window_days": row.window_days,
                "distance_km": kilometres(row.distance_m or 0),
                "factors": row.factors,
                "history": past,
            }
        )
