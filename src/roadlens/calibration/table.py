"""The relativity table of a fitted model: bands of each factor, and what became of each level of the score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from roadlens import __version__
from roadlens.calibration.calibrate import Calibrated, Z
from roadlens.calibration.document import Level, RelativityTable, Source
from roadlens.calibration.model import Floats, Ints
from roadlens.domain import RiskLevel
from roadlens.scoring.lift import edges, group_of
from roadlens.scoring.premium import Band, FactorTable

BANDS = 5
DECILES = 10


def relativity_table(
    done: Calibrated,
    *,
    version: int,
    formula: str,
    window_days: float,
    claims_sha256: str,
    left_out: Mapping[str, int],
) -> RelativityTable:
    """Everything about a fit, for a file. Of policies there are at least one."""
    portfolio = done.portfolio
    periods = [policy.period for policy in portfolio.policies]
    scores = np.array([policy.score for policy in portfolio.policies])
    return RelativityTable(
        roadlens=__version__,
        score_version=version,
        formula=formula,
        window_days=window_days,
        source=Source(
            claims_sha256=claims_sha256,
            first=min(period.first for period in periods),
            until=max(period.until for period in periods),
            policies=len(periods),
            drivers=int(portfolio.drivers.max()) + 1,
            claims=int(portfolio.claims.sum()),
            exposure_years=float(portfolio.exposure.sum()),
            left_out=dict(left_out),
        ),
        intercept=done.fitted.intercept,
        dispersion=done.fitted.dispersion,
        factors=[_factor(done, number) for number in range(len(portfolio.factors))],
        levels=list(_levels(done, scores)),
        deciles=list(_deciles(done, scores)),
        held_out=done.held_out,
        warnings=done.warnings,
    )


def _factor(done: Calibrated, number: int) -> FactorTable:
    portfolio, fitted = done.portfolio, done.fitted
    name, expected = portfolio.factors[number], float(portfolio.expected[number])
    described = portfolio.policies[0].factors[name]
    coefficient, error = float(fitted.coefficients[number]), float(fitted.standard_errors[number])
    logs, exposure = portfolio.design[:, number], portfolio.exposure
    inner = edges(logs, exposure, BANDS)
    band = group_of(logs, inner)
    # A band's relativity rises or falls with the coefficient: its interval's ends belong to the coefficient's.
    means, low, high = (
        _means(band, logs, exposure, each) for each in (coefficient, coefficient - Z * error, coefficient + Z * error)
    )
    bounds = [None, *(expected * np.exp(inner)).tolist(), None]
    predicted = fitted.rates(portfolio.design) * exposure
    return FactorTable(
        factor=name,
        label=described.label,
        unit=described.unit,
        coefficient=coefficient,
        standard_error=error,
        expected=expected,
        base=float(np.average(np.exp(coefficient * logs), weights=exposure)),
        bands=[
            Band(
                above=bounds[place],
                up_to=bounds[place + 1],
                relativity=float(means[place]),
                low=float(min(low[place], means[place], high[place])),
                high=float(max(low[place], means[place], high[place])),
                exposure_years=float(exposure[here].sum()),
                claims=int(portfolio.claims[here].sum()),
                expected_claims=float(predicted[here].sum()),
            )
            for place in range(len(means))
            for here in (band == place,)
        ],
    )


def _means(band: Ints, logs: Floats, exposure: Floats, coefficient: float) -> Floats:
    """Each band's mean of the powers over the portfolio's, by exposure."""
    powers = np.exp(coefficient * logs) * exposure
    return np.asarray(np.bincount(band, powers) / np.bincount(band, exposure) / (powers.sum() / exposure.sum()))


def _levels(done: Calibrated, scores: Floats) -> Iterator[Level]:
    levels = np.array([policy.level for policy in done.portfolio.policies])
    return _groups(done, scores, [(level.value, levels == level.value) for level in RiskLevel])


def _deciles(done: Calibrated, scores: Floats) -> Iterator[Level]:
    inner = edges(scores, done.portfolio.exposure, DECILES)
    group = group_of(scores, inner)
    return _groups(done, scores, [(str(number + 1), group == number) for number in range(len(inner) + 1)])


def _groups(done: Calibrated, scores: Floats, groups: Sequence[tuple[str, np.ndarray]]) -> Iterator[Level]:
    portfolio = done.portfolio
    predicted = done.fitted.rates(portfolio.design) * portfolio.exposure
    mean = portfolio.claims.sum() / portfolio.exposure.sum()
    for name, here in groups:
        if here.any():
            years, claims = float(portfolio.exposure[here].sum()), int(portfolio.claims[here].sum())
            expected = float(predicted[here].sum())
            lowest, highest = float(scores[here].min()), float(scores[here].max())
            yield Level(name, lowest, highest, years, claims, expected, claims / years / float(mean))
