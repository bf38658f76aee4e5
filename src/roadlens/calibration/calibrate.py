"""From policies to a relativity table: which factors can be fitted, the fit, what it is worth, and what to be wary of.

The model: claims of a policy are Poisson with mean

    years x exp(intercept) x product over factors of (credible / expected) ^ coefficient

where credible and expected are the factor's own of the risk score, so that a coefficient says by which power of "times
the portfolio's mean" claims rise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from roadlens.calibration.model import Fit, Fitted, Floats, HeldOut, Ints, held_out
from roadlens.calibration.policies import Policy
from roadlens.errors import InvalidInput
from roadlens.scoring.premium import ANNUAL_DISTANCE, column

# Peduzzi et al. 1996 (J Clin Epidemiol 49:1373): below ten events a coefficient, estimates are biased.
CLAIMS_A_COEFFICIENT = 10
# Longley-Cook 1962: with so many claims a frequency is within 5 % of the truth in 90 % of all cases.
FULL_CREDIBILITY = 1082
# Belsley, Kuh and Welsch 1980: from 30 on, factors are so alike that their coefficients cannot be told apart.
_ALIKE_FROM = 30.0
_SCATTERED_FROM = 1.5
Z = 1.959964  # of the normal distribution: 95 % lie within


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Policies as arrays, n of them with k factors.

    Attributes:
        policies: as they came.
        factors: names of the columns.
        expected: what each factor's credible values are divided by, shape (k,).
        design: log(credible / expected), shape (n, k).
        claims: shape (n,).
        exposure: years, shape (n,).
        drivers: a number for each driver from 0, shape (n,).
        unused: factors that cannot be fitted or were not wanted, with the reason.
    """

    policies: Sequence[Policy]
    factors: Sequence[str]
    expected: Floats
    design: Floats
    claims: Ints
    exposure: Floats
    drivers: Ints
    unused: dict[str, str]


@dataclass(frozen=True, slots=True)
class Calibrated:
    portfolio: Portfolio
    fitted: Fitted
    held_out: HeldOut
    warnings: Sequence[str]


def calibrate(policies: Sequence[Policy], fit: Fit, *, without: Collection[str], folds: int, seed: int) -> Calibrated:
    """Fit the policies' claims by their factors.

    Raises:
        InvalidInput: there are too few claims, or nothing to fit them by, or nothing can be told from them.
    """
    there = portfolio(policies, without)
    _must_be_enough(there)
    arrays = (there.design, there.claims, there.exposure, there.drivers)
    fitted = fit(*arrays)
    unseen = held_out(fit, *arrays, folds=folds, seed=seed)
    return Calibrated(there, fitted, unseen, list(_warnings(there, fitted, unseen)))


def portfolio(policies: Sequence[Policy], without: Collection[str]) -> Portfolio:
    """The policies as arrays, with the factors that can be fitted.

    Raises:
        InvalidInput: there is no such factor to leave out.
    """
    factors = [policy.factors for policy in policies]
    exposure = np.array([policy.period.exposure for policy in policies])
    names = list(factors[0]) if factors else []
    if unknown := [name for name in without if names and name not in names]:
        raise InvalidInput(f"--without {unknown[0]}: no such factor: there are {', '.join(names)}.")
    unused: dict[str, str] = {}
    columns: dict[str, tuple[float, Floats]] = {}
    for name in names:
        credible = column(factors, name, lambda it: it.credible)
        if name in without:
            unused[name] = "left out as you said" if name != ANNUAL_DISTANCE else "only with --with-distance"
        elif not column(factors, name, lambda it: it.observed).any():
            # Its credible value falls with the distance alone, as that of every other factor that nobody has shown.
            unused[name] = "nobody has shown any"
        elif credible.min() == credible.max():
            unused[name] = "the same for everybody"
        else:
            mean = float(np.average(credible, weights=exposure))
            expected = mean if name == ANNUAL_DISTANCE else factors[0][name].expected
            columns[name] = (expected, np.log(credible / expected))
    _, drivers = np.unique([policy.period.driver_id for policy in policies], return_inverse=True)
    return Portfolio(
        policies=policies,
        factors=list(columns),
        expected=np.array([expected for expected, _ in columns.values()]),
        design=np.column_stack([logs for _, logs in columns.values()]) if columns else np.empty((len(policies), 0)),
        claims=np.array([policy.period.claims for policy in policies], dtype=np.int64),
        exposure=exposure,
        drivers=drivers,
        unused=unused,
    )


def _must_be_enough(there: Portfolio) -> None:
    claims, needed = int(there.claims.sum()), CLAIMS_A_COEFFICIENT * (len(there.factors) + 1)
    if claims < needed:
        raise InvalidInput(
            f"{claims:,} claims in {len(there.policies):,} usable policy periods are too few for "
            f"{len(there.factors)} factors: {needed} are needed, {CLAIMS_A_COEFFICIENT} for each coefficient. Add "
            "periods, or leave factors out with --without."
        )
    if not there.factors:
        raise InvalidInput("No factor differs between these drivers: there is nothing to fit.")


def _warnings(there: Portfolio, fitted: Fitted, unseen: HeldOut) -> Iterator[str]:
    for name, value, error in zip(there.factors, fitted.coefficients, fitted.standard_errors, strict=True):
        if value < 0:
            sure = "and that is hardly chance" if value < -Z * error else "which may be chance"
            yield (
                f"{name}: more of it goes with fewer claims, {sure}: its relativities reward what the score takes for "
                f"risk. Leave it out (--without {name}) unless you can say why."
            )
    if (claims := int(there.claims.sum())) < FULL_CREDIBILITY:
        yield f"{claims:,} claims are fewer than the {FULL_CREDIBILITY:,} of full credibility: intervals are wide."
    if fitted.dispersion > _SCATTERED_FROM:
        yield (
            f"claims scatter {fitted.dispersion:.1f} times as much as Poisson's chance: something is missing that "
            "makes drivers differ. The intervals allow for it."
        )
    if (alike := _condition(there)) > _ALIKE_FROM:
        yield (
            f"some factors are nearly the same (condition number {alike:.0f}): only their sum can be trusted, not who "
            "of them it is. Leave one out."
        )
    if unseen.gini is not None and unseen.gini <= 0:
        yield "for drivers it has not seen, the model is no better than one rate for all: do not use it."


def _condition(there: Portfolio) -> float:
    """The greatest over the least singular value of the columns, each centred and of length 1."""
    centred = there.design - there.design.mean(axis=0)
    values = np.linalg.svd(centred / np.linalg.norm(centred, axis=0), compute_uv=False)
    return float(values[0] / max(values[-1], 1e-12))
