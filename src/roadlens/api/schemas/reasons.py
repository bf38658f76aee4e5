"""A driver with the reasons for the score, flat: a line of a file from which many notices are written."""

from __future__ import annotations

import datetime
from typing import Self

from pydantic import Field

from roadlens.api.schemas.answer import Answer, Score, kilometres
from roadlens.api.schemas.explained import reasons_of
from roadlens.domain import RiskLevel
from roadlens.storage.reads.reasons import DriverScored


class DriverReasons(Answer):
    driver_id: str
    first_name: str
    last_name: str
    email: str | None
    address: str | None
    city: str | None
    state: str | None
    zip_code: str | None
    risk_score: Score | None
    risk_level: RiskLevel | None
    day: datetime.date | None
    score_version: int | None
    distance_km: float = Field(description="Driven within the window.")
    reason_codes: str | None = Field(description="With a space between them, the strongest first.")
    reason_texts: str | None = Field(description="In the same order, each on a line of its own.")

    @classmethod
    def of(cls, row: DriverScored) -> Self:
        latest = row.latest
        reasons = reasons_of(latest) if latest else []
        return cls.model_validate(
            {
                **row.person,
                "risk_score": latest and latest.risk_score,
                "risk_level": latest and latest.risk_level,
                "day": latest and latest.day,
                "score_version": latest and latest.score_version,
                "distance_km": kilometres(latest.distance_m if latest else 0),
                "reason_codes": " ".join(reason.code for reason in reasons) or None,
                "reason_texts": "\n".join(reason.text for reason in reasons) or None,
            }
        )
