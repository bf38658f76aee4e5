"""The reasons for a risk score in words: what stands above an average driver, and what would lower the score.

Each has a code that stays, for programs and forms; its text may be worded better some day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from roadlens.scoring.explanation import ExplainedFactor, Explanation, Terms

# What a notice of an adverse decision names at most: 12 CFR 1002.9, official interpretation of (b)(2), says that more
# than four reasons are not likely to help.
MOST_REASONS = 4


@dataclass(frozen=True, slots=True)
class Most:
    """The trip with the most of a factor: its id, the day it counts for, and how many events or metres it has."""

    trip_id: UUID
    day: date
    amount: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a score is higher than an average driver's. `trip_id` is the trip that the text ends with."""

    code: str
    factor: str | None
    points: float | None
    text: str
    trip_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Lower:
    """What would lower a score, and to what."""

    code: str
    factor: str
    risk_score: float
    text: str


def reasons(explanation: Explanation, distance_m: int, most: Mapping[str, Most]) -> list[Reason]:
    """The factors above the average, the one that adds most first, at most `MOST_REASONS`.

    Args:
        explanation: of the score.
        distance_m: driven in its window, metres.
        most: by factor, the trip that it comes from most.
    """
    above = [one for one in explanation.factors if one.above_average > 0]
    strongest = sorted(above, key=lambda one: -one.above_average)[:MOST_REASONS]
    return [_reason(one, distance_m, most.get(one.factor.factor)) for one in strongest]


def no_score(terms: Terms, distance_m: int, last_day: date) -> Reason:
    """Why there is no score where somebody has driven."""
    return Reason(
        code="too_little_driving",
        factor=None,
        points=None,
        text=f"No score: {_km(distance_m)} km in the {terms.window_days} days up to {_day(last_day)} say too little. "
        f"It takes {terms.distance_at_least_km:g} km.",
    )


def lower(explanation: Explanation) -> list[Lower]:
    """What the score would be without each factor that was seen, the one that lowers it most first."""
    seen = [one for one in explanation.factors if one.amount > 0 and one.factor.weight > 0]
    return [
        Lower(
            code=f"without_{one.factor.factor}",
            factor=one.factor.factor,
            risk_score=one.score_without,
            text=f"Without {_all_of(one)}: {one.score_without:.2f}.",
        )
        for one in sorted(seen, key=lambda one: one.score_without)
    ]


def _reason(one: ExplainedFactor, distance_m: int, most: Most | None) -> Reason:
    factor = one.factor
    seen = f"{_km(one.amount)} of" if one.counts_metres else f"{one.amount} in"
    text = (
        f"{factor.label}: {seen} {_km(distance_m)} km, {_rate(one, factor.observed)}; the portfolio's mean is "
        f"{_rate(one, factor.expected)}. It counts as {_rate(one, factor.credible)}, {one.relativity:.1f} times the "
        f"mean, and adds {one.above_average:.2f} points over an average driver."
    )
    if most is not None:
        amount = f"{_km(most.amount)} km" if one.counts_metres else f"{most.amount}"
        text += f" Most in a trip on {_day(most.day)}: {amount}."
    return Reason(
        code=f"{factor.factor}_above_average",
        factor=factor.factor,
        points=one.above_average,
        text=text,
        trip_id=None if most is None else most.trip_id,
    )


def _all_of(one: ExplainedFactor) -> str:
    if one.counts_metres:
        where = {"speeding_share": "above the limit", "night_share": "at night"}[one.factor.factor]
        return f"the {_km(one.amount)} km {where}"
    name = {"speeding": "speeding", "phone_use": "phone use"}.get(one.factor.factor, one.factor.label.lower())
    return f"the {one.amount} events of {name}" if one.amount > 1 else f"the event of {name}"


def _rate(one: ExplainedFactor, rate: float) -> str:
    if one.counts_metres:
        return f"{100 * rate:.1f} %"
    return f"{rate:.{1 if rate >= 1 else 2}f} per 100 km"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _km(metres: int) -> str:
    return f"{metres / 1000:.1f}"
