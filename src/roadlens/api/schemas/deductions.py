"""Why a trip has less than 100 points: what was taken off for what, until it adds up."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from roadlens.api.schemas.answer import Answer, kilometres
from roadlens.domain import EVENT_TYPES
from roadlens.scoring.risk import LABELS
from roadlens.scoring.trip import NOT_BELOW_ZERO, explained_score
from roadlens.storage.reads.trips import TripDetailRow

_SPEEDING = "speeding_share"


class Deduction(Answer):
    factor: str = Field(description="`not_below_zero` gives back what would make the score negative.")
    label: str
    points: float
    amount: int | float | None = Field(description="How much there was of it.")
    amount_unit: Literal["events", "km"] | None


def deducted(trip: TripDetailRow) -> list[dict[str, Any]] | None:
    """The deductions of a trip, as `Deduction` has them."""
    counts = {kind: getattr(trip, kind.value) for kind in EVENT_TYPES}
    amounts: dict[str, int | float] = {
        **{kind.value: count for kind, count in counts.items()},
        _SPEEDING: kilometres(trip.speeding_m),
    }
    found = explained_score(
        trip.parameters,
        trip.vehicle_category,
        score=float(trip.trip_score),
        distance_m=trip.distance_m,
        speeding_m=trip.speeding_m,
        counts=counts,
    )
    if found is None:
        return None
    return [
        {
            "factor": one.factor,
            "label": "Not below 0" if one.factor == NOT_BELOW_ZERO else LABELS[one.factor],
            "points": one.points,
            "amount": amounts.get(one.factor),
            "amount_unit": None if one.factor == NOT_BELOW_ZERO else "km" if one.factor == _SPEEDING else "events",
        }
        for one in found
    ]
