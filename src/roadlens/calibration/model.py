"""What a fit is asked and what it gives, whoever does the arithmetic; and what it is worth for drivers not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from roadlens.scoring.lift import Group, gini, lift, poisson_deviance

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """k coefficients with their covariance (k, k); `dispersion` is Pearson's, 1 for Poisson's chance."""

    intercept: float
    coefficients: Floats
    covariance: Floats
    dispersion: float

    @property
    def standard_errors(self) -> Floats:
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def rates(self, design: Floats) -> Floats:
        """Expected claims a year."""
        return np.asarray(np.exp(self.intercept + design @ self.coefficients))


class Fit(Protocol):
    """Fits n policies: their design (n, k), claims (n,), years (n,), and numbers that tell drivers apart (n,)."""

    def __call__(self, design: Floats, claims: Ints, exposure: Floats, drivers: Ints) -> Fitted: ...


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What predictions are worth for drivers that the model was not fitted on.

    Attributes:
        folds: into how many parts the drivers were divided; each was predicted by a model of the others.
        seed: of the division.
        gini: of all such predictions together; `gini_of_folds` of each part.
        deviance_explained: the share of the deviance of one rate for everybody that the predictions explain.
        deciles: tenths of the exposure by predicted rate.
    """

    folds: int
    seed: int
    gini: float | None
    gini_of_folds: Sequence[float | None]
    deviance_explained: float
    deciles: Sequence[Group]


def held_out(
    fit: Fit, design: Floats, claims: Ints, exposure: Floats, drivers: Ints, *, folds: int, seed: int
) -> HeldOut:
    """Predict each fold of drivers by a model of the others: all periods of a driver are in one fold."""
    count = int(drivers.max()) + 1
    fold = np.random.default_rng(seed).permutation(count)[drivers] % folds
    predicted, mean = np.empty(len(claims)), np.empty(len(claims))
    ginis: list[float | None] = []
    for number in range(folds):
        there, rest = fold == number, fold != number
        fitted = fit(design[rest], claims[rest], exposure[rest], drivers[rest])
        predicted[there] = fitted.rates(design[there])
        mean[there] = claims[rest].sum() / exposure[rest].sum()
        ginis.append(gini(predicted[there], claims[there], exposure[there]))
    explained = 1 - poisson_deviance(claims, predicted * exposure) / poisson_deviance(claims, mean * exposure)
    return HeldOut(folds, seed, gini(predicted, claims, exposure), ginis, explained, lift(predicted, claims, exposure))
