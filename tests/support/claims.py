"""Portfolios for tests of calibration: drivers whose factors and claims are drawn by coefficients that are known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from roadlens.calibration.claims import Period
from roadlens.calibration.policies import Policy
from roadlens.domain import risk_level
from roadlens.scoring.premium import Observed

FIRST, UNTIL = date(2025, 1, 1), date(2026, 1, 1)


def portfolio(
    effects: Mapping[str, float],
    *,
    seed: int,
    drivers: int = 3000,
    periods: int = 2,
    frequency: float = 0.5,
    scatter: float = 0.0,
    years: float = 1.0,
) -> list[Policy]:
    """Each driver's factors are log-normal around a mean of 2, and somewhat alike, as those of real drivers are.

    `scatter` is the variance, between drivers, of what no factor knows: it makes claims scatter more than Poisson's.
    """
    chance = np.random.default_rng(seed)
    common = chance.normal(0, 0.4, (drivers, 1))
    logs = common + chance.normal(0, 0.5, (drivers, len(effects)))
    rates = frequency * np.exp(logs @ np.array(list(effects.values())))
    if scatter:
        rates = rates * chance.gamma(1 / scatter, scatter, drivers)
    made: list[Policy] = []
    for number in range(drivers):
        factors = {
            name: Observed(name, "per 100 km", 1.0, 2.0 * float(np.exp(log)), 2.0)
            for name, log in zip(effects, logs[number], strict=True)
        }
        score = float(np.clip(33 + 20 * logs[number].mean(), 0, 100))
        for place in range(periods):
            exposure = years * float(chance.uniform(0.3, 1.0))
            period = Period(
                line=len(made) + 2,
                driver_id=f"DRV-{number:05d}",
                first=FIRST.replace(year=FIRST.year + place),
                until=UNTIL.replace(year=UNTIL.year + place),
                claims=int(chance.poisson(rates[number] * exposure)),
                exposure=exposure,
            )
            made.append(Policy(period, risk_level(score).value, score, factors))
    return made
