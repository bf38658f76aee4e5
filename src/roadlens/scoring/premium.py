"""Premium relativities: how many times the portfolio's mean a driver's claims are expected to be, factor by factor.

    relativity of a factor = (credible / expected) ^ coefficient / base
    relativity of a driver = off-balance x product of the factors' relativities, within the caps

`base` is the mean of the powers in the portfolio that the coefficients were fitted on, so that each factor's mean is 1.
The off-balance makes the mean 1 over those to whom the table is applied, caps included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from roadlens.errors import InvalidInput

Floats = npt.NDArray[np.float64]

# Beside the factors of the score, which are per kilometre: how much somebody drives at all.
ANNUAL_DISTANCE = "annual_distance"

_HALVINGS = 100  # more than there are bits in a float


class Observed(NamedTuple):
    """What a score says of one factor, in `unit`: as observed, as credible, and the mean that it is compared with."""

    label: str
    unit: str
    observed: float
    credible: float
    expected: float


@dataclass(frozen=True, slots=True)
class Band:
    """A range of a factor's credible values (above the first, up to the second; None: without end) and what it holds.

    `relativity`, with its 95 % interval from `low` to `high`, is the mean of the band's drivers in this factor alone;
    the portfolio's mean is 1. `expected_claims` are those of the whole model.
    """

    above: float | None
    up_to: float | None
    relativity: float
    low: float
    high: float
    exposure_years: float
    claims: int
    expected_claims: float


@dataclass(frozen=True, slots=True)
class FactorTable:
    """A factor's coefficient, and what that means for values of it.

    `expected` is what credible values are divided by, in `unit`; the standard error is robust.
    """

    factor: str
    label: str
    unit: str
    coefficient: float
    standard_error: float
    expected: float
    base: float
    bands: Sequence[Band]

    def relativities(self, credible: Floats) -> Floats:
        """The factor's relativity at each of these values."""
        return np.asarray((credible / self.expected) ** self.coefficient / self.base)


@dataclass(frozen=True, slots=True)
class Applied:
    """A table applied to n drivers.

    Attributes:
        relativity: shape (n,); its mean is 1.
        by_factor: each factor's relativities, shape (n,).
        off_balance: what their product was multiplied by.
        capped: whether a driver's relativity is a cap, shape (n,).
    """

    relativity: Floats
    by_factor: Mapping[str, Floats]
    off_balance: float
    capped: npt.NDArray[np.bool_]


def apply(
    factors: Sequence[FactorTable], drivers: Sequence[Mapping[str, Observed]], *, at_least: float, at_most: float
) -> Applied:
    """The relativities of drivers, each for as much as every other, by what their scores say of each factor.

    Raises:
        InvalidInput: the caps leave no room for a mean of 1.
    """
    if not 0 <= at_least < 1 < at_most:
        raise InvalidInput("Caps lie on both sides of 1, the mean: --at-least from 0 to below 1, --at-most above 1.")
    by_factor = {
        table.factor: table.relativities(column(drivers, table.factor, lambda it: it.credible)) for table in factors
    }
    product = np.prod([np.ones(len(drivers)), *by_factor.values()], axis=0)
    off_balance = _balancing(product, at_least, at_most)
    uncapped = off_balance * product
    relativity = np.clip(uncapped, at_least, at_most)
    return Applied(relativity, by_factor, off_balance, relativity != uncapped)


def column(drivers: Sequence[Mapping[str, Observed]], factor: str, of: Any) -> Floats:
    """One number of each driver's, of one factor."""
    return np.fromiter((of(driver[factor]) for driver in drivers), dtype=np.float64, count=len(drivers))


def _balancing(product: Floats, at_least: float, at_most: float) -> float:
    """The number by which the products must be multiplied for a mean of 1, those beyond a cap counting as the cap.

    That mean rises with the number, from the lower cap to the upper, so halving finds it.
    """
    if not len(product):
        return 1.0
    low, high = 0.0, at_most / float(product.min()) if np.isfinite(at_most) else 1 / float(product.mean())
    if not np.isfinite(at_most) and at_least == 0:
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if float(np.clip(middle * product, at_least, at_most).mean()) < 1:
            low = middle
        else:
            high = middle
    return high
