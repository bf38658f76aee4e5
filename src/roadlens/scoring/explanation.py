"""A risk score against an average driver's: what each factor adds to it, and what it would be without that factor.

It is told from what is stored of a score and from the version that made it. It knows which amounts a factor is of, and
not which trips and events these came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from roadlens.scoring.risk import Exposure, Factor, factor_points

# The amount that each share is of; an event's factor is of the events of its name.
_METRES: Final = {"speeding_share": "speeding_m", "night_share": "night_m"}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a score version says about how much evidence counts, and how points saturate."""

    window_days: int
    distance_at_least_km: float
    prior_km: float
    half: float

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Self:
        """The terms of a version, from the parameters that its row holds."""
        return cls(
            window_days=int(parameters["risk_window_days"]),
            distance_at_least_km=float(parameters["risk_distance_at_least_km"]),
            prior_km=float(parameters["prior_weight_km"]),
            half=float(parameters["relativity_half"]),
        )

    def credibility(self, distance_m: int) -> float:
        """How much the driver's own driving says: 0 without any, a half at the prior's distance, never 1."""
        return distance_m / (distance_m + self.prior_km * 1000)


@dataclass(frozen=True, slots=True)
class ExplainedFactor:
    """A factor of a score, taken apart further.

    Attributes:
        factor: as it is stored.
        amount: events, or metres for a share of the distance.
        relativity: how many times the mean it counts as.
        average_points: what it adds to an average driver's score.
        above_average: what it adds more than that; negative if less.
        score_without: what the score would be if none of it had been seen on the same distance.
    """

    factor: Factor
    amount: int
    relativity: float
    average_points: float
    above_average: float
    score_without: float

    @property
    def counts_metres(self) -> bool:
        return self.factor.factor in _METRES


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an average driver's score would be, and each factor's part in the difference: the parts add up to it.

    `credibility` is the weight of the driver's own driving in each rate, 0-1; the portfolio's mean has the rest.
    """

    average_score: float
    credibility: float
    factors: tuple[ExplainedFactor, ...]


def explain(terms: Terms, exposure: Exposure, factors: Sequence[Factor]) -> Explanation:
    """Explain a score.

    Args:
        terms: of the version that made it.
        exposure: what was driven in its window.
        factors: those of the score, whose points add up to it; none if there is no score.
    """
    score = _sum(factor.points for factor in factors)
    # Of nothing, what is credible is the mean times the prior's part.
    credibility = terms.credibility(exposure.distance_m)
    nothing = 1 - credibility
    explained = []
    for factor in factors:
        average = factor_points(factor.weight, 1, terms.half)
        without = factor_points(factor.weight, nothing, terms.half)
        amount = getattr(exposure, _METRES.get(factor.factor, factor.factor))
        # Not from what is stored, whose four decimals are few where the mean is small: the points follow from it.
        rate = amount * (1 if factor.factor in _METRES else 100_000) / exposure.distance_m
        explained.append(
            ExplainedFactor(
                factor=factor,
                amount=amount,
                relativity=round(credibility * rate / factor.expected + nothing, 4),
                average_points=average,
                above_average=_sum((factor.points, -average)),
                score_without=_sum((score, -factor.points, min(without, factor.points))),
            )
        )
    return Explanation(
        average_score=_sum(one.average_points for one in explained),
        credibility=credibility,
        factors=tuple(explained),
    )


def _sum(points: Any) -> float:
    """A sum in whole hundredths, as points are: it is exact whatever the order."""
    hundredths: int = sum(round(each * 100) for each in points)
    return hundredths / 100
