"""Claims that nobody made: drawn by known effects, to try calibration and to see that it finds them again."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import date
from typing import NamedTuple, TextIO

import numpy as np

from roadlens.calibration.claims import DAYS_A_YEAR
from roadlens.calibration.policies import observed
from roadlens.errors import InvalidInput
from roadlens.scoring.premium import Observed
from roadlens.storage.database import ReadSession
from roadlens.storage.reads import calibration


class Drawn(NamedTuple):
    """One driver's period, claims and years in it."""

    driver_id: str
    claims: int
    years: float


async def draw(
    session: ReadSession,
    *,
    first: date,
    until: date,
    frequency: float,
    effects: Mapping[str, float],
    scatter: float,
    seed: int,
) -> list[Drawn]:
    """A period for each driver who has a score before it begins, with claims by what that score says.

    Claims a year are `frequency` on average, and rise with the power of each factor's (credible / expected) that is its
    effect.

    Args:
        session: any.
        first: the day with which every period begins.
        until: the day before which it ends.
        frequency: mean claims a year.
        effects: the true coefficients; factors that are not named have none.
        scatter: variance of what makes drivers differ beside the factors (a gamma distribution of mean 1); 0: nothing.
        seed: the same gives the same claims.

    Raises:
        InvalidInput: there is no such factor, or nobody has a score by then.
    """
    version = await calibration.version(session, None)
    drivers: list[tuple[str, Mapping[str, Observed]]] = []
    async with aclosing(calibration.everybody(session, first, version.version)) as scores:
        async for batch in scores:
            drivers += [
                (score.driver_id, observed(score, version.window_days))
                for score in batch
                if score.risk_score is not None
            ]
    if not drivers:
        raise InvalidInput(f"No driver has a score before {first}: begin later.")
    return _drawn(drivers, (until - first).days / DAYS_A_YEAR, frequency, effects, scatter, seed)


def _drawn(
    drivers: Sequence[tuple[str, Mapping[str, Observed]]],
    years: float,
    frequency: float,
    effects: Mapping[str, float],
    scatter: float,
    seed: int,
) -> list[Drawn]:
    known = drivers[0][1]
    if unknown := [name for name in effects if name not in known]:
        raise InvalidInput(f"--effect {unknown[0]}: no such factor: there are {', '.join(known)}.")
    chance = np.random.default_rng(seed)
    exposure = years * chance.uniform(0.5, 1.0, len(drivers))  # people come and go
    logs = np.zeros(len(drivers))
    for name, effect in effects.items():
        ratios = np.array([factors[name].credible / factors[name].expected for _, factors in drivers])
        logs += effect * np.log(ratios)
    rates = frequency * np.exp(logs) / np.average(np.exp(logs), weights=exposure)
    if scatter:
        rates = rates * chance.gamma(1 / scatter, scatter, len(drivers))
    claims = chance.poisson(rates * exposure)
    return [
        Drawn(driver_id, count, round(spell, 4))
        for (driver_id, _), count, spell in zip(drivers, claims.tolist(), exposure.tolist(), strict=True)
    ]


def write(file: TextIO, drawn: Sequence[Drawn], first: date, until: date) -> None:
    """As `read_claims` reads them."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["driver_id", "from", "to", "claims", "exposure_years"])
    writer.writerows([driver_id, first, until, claims, years] for driver_id, claims, years in drawn)
