"""A driver's risk score: how much more often than the portfolio something happens, factor by factor. Higher is riskier.

Each factor is observed as a rate, drawn towards the portfolio's mean while there is little evidence (gamma-Poisson
credibility), compared with that mean, and turned into points that saturate at the factor's weight:

    credible   = (observed amount + mean x prior weight) / (distance + prior weight)
    relativity = credible / mean
    points     = weight x relativity / (relativity + half)

A driver at the mean gets weight / (1 + half) of each factor: 33.33 in all with half = 2.
"""

from __future__ import annotations

from dataclasses import dataclass

from roadlens.domain import EVENT_TYPES, RiskLevel, risk_level
from roadlens.scoring.parameters import Parameters

_RATES = tuple(kind.value for kind in EVENT_TYPES)
_SHARES = ("speeding_share", "night_share")

# What people call each factor, of a driver's score and of a trip's.
LABELS = {
    "harsh_braking": "Harsh braking",
    "rapid_acceleration": "Rapid acceleration",
    "harsh_cornering": "Harsh cornering",
    "speeding": "Speeding events",
    "phone_use": "Phone use",
    "speeding_share": "Distance above the limit",
    "night_share": "Distance at night",
}


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a driver did in a window: metres driven, metres of it above the limit and at night, events by type."""

    distance_m: int
    speeding_m: int
    night_m: int
    harsh_braking: int
    rapid_acceleration: int
    harsh_cornering: int
    speeding: int
    phone_use: int


@dataclass(frozen=True, slots=True)
class Factor:
    """One summand of the risk score.

    Attributes:
        factor: stable name.
        label: name for people.
        points: its share of the score, two decimals.
        weight: the most it can contribute.
        observed: the driver's rate in `unit`.
        credible: the same after shrinkage.
        expected: the portfolio's mean.
        unit: "per 100 km" or "share of distance".
    """

    factor: str
    label: str
    points: float
    weight: float
    observed: float
    credible: float
    expected: float
    unit: str


@dataclass(frozen=True, slots=True)
class Risk:
    """`score` and `level` are None below the minimum distance; the factors then say nothing and are empty."""

    score: float | None
    level: RiskLevel | None
    factors: tuple[Factor, ...]


def risk(parameters: Parameters, exposure: Exposure) -> Risk:
    """The risk score of what was driven in a window.

    The factors' points are rounded first, to hundredths, and the score is their sum in hundredths: they add up exactly.
    """
    if exposure.distance_m < parameters.risk_distance_at_least_km * 1000:
        return Risk(None, None, ())
    factors = tuple(
        [_factor(parameters, name, getattr(exposure, name) * 100_000, "per 100 km", exposure) for name in _RATES]
        + [
            _factor(parameters, name, getattr(exposure, name.replace("_share", "_m")), "share of distance", exposure)
            for name in _SHARES
        ]
    )
    score = sum(round(factor.points * 100) for factor in factors) / 100
    return Risk(score, risk_level(score), factors)


def factor_points(weight: float, relativity: float, half: float) -> float:
    """The points of a factor that is seen `relativity` times as often as the mean, in whole hundredths."""
    return round(weight * relativity / (relativity + half), 2)


def _factor(parameters: Parameters, name: str, amount: float, unit: str, exposure: Exposure) -> Factor:
    """One factor; `amount` / distance in metres is its rate in `unit`."""
    weight: float = getattr(parameters, f"risk_{name}")
    expected: float = getattr(parameters, f"prior_{name}")
    prior_m = parameters.prior_weight_km * 1000
    credible = (amount + expected * prior_m) / (exposure.distance_m + prior_m)
    return Factor(
        factor=name,
        label=LABELS[name],
        points=factor_points(weight, credible / expected, parameters.relativity_half),
        weight=weight,
        observed=round(amount / exposure.distance_m, 4),
        credible=round(credible, 4),
        expected=expected,
        unit=unit,
    )
