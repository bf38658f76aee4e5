"""A relativity table as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import erfc, sqrt

from roadlens.calibration.calibrate import Z
from roadlens.calibration.document import Level, RelativityTable
from roadlens.calibration.model import HeldOut
from roadlens.scoring.premium import Band, FactorTable


def lines(table: RelativityTable, unused: Mapping[str, str]) -> Iterator[str]:
    """All of it: what it was fitted on, coefficients, bands, levels of the score, what it is worth, warnings."""
    return chain(
        _source(table, unused),
        _coefficients(table.factors),
        chain.from_iterable(map(_bands, table.factors)),
        _levels("risk score", table.levels),
        _levels("score's tenth", table.deciles),
        _held_out(table.held_out),
        (f"warning: {warning}" for warning in table.warnings),
    )


def _source(table: RelativityTable, unused: Mapping[str, str]) -> Iterator[str]:
    source = table.source
    yield (
        f"{source.claims:,} claims in {source.policies:,} policy periods of {source.drivers:,} drivers, "
        f"{source.exposure_years:,.1f} years from {source.first} to {source.until}"
    )
    if source.left_out:
        reasons = ", ".join(f"{count:,} {why}" for why, count in source.left_out.items())
        yield f"left out {sum(source.left_out.values()):,} lines: {reasons}"
    for factor, why in unused.items():
        yield f"not in the model: {factor} ({why})"
    yield (
        f"by score version {table.score_version} ({table.formula}); {source.claims / source.exposure_years:.4f} claims "
        f"a year; dispersion {table.dispersion:.2f} (1: Poisson's)"
    )


def _coefficients(factors: Sequence[FactorTable]) -> Iterator[str]:
    yield f"\n{'factor':<20} {'coefficient':>12} {'95 % interval':>17} {'p':>7} {'twice as much':>15}"
    for factor in factors:
        value, error = factor.coefficient, factor.standard_error
        interval = f"{value - Z * error:.3f} to {value + Z * error:.3f}"
        p = erfc(abs(value) / error / sqrt(2)) if error else 0.0
        yield f"{factor.factor:<20} {value:>12.3f} {interval:>17} {p:>7.4f} {f'x {2**value:.2f} claims':>15}"


def _bands(factor: FactorTable) -> Iterator[str]:
    title = f"{factor.label}, {factor.unit}"
    yield f"\n{title:<44} {'relativity':>10} {'95 % interval':>14} {'years':>9} {'claims':>7} {'expected':>9}"
    for band in factor.bands:
        interval = f"{band.low:.2f} to {band.high:.2f}"
        yield (
            f"  {_range(band):<42} {band.relativity:>10.2f} {interval:>14} {band.exposure_years:>9,.1f} "
            f"{band.claims:>7,} {band.expected_claims:>9,.1f}"
        )


def _range(band: Band) -> str:
    above = "" if band.above is None else f"above {band.above:,.4g}"
    up_to = "" if band.up_to is None else f"up to {band.up_to:,.4g}"
    return " ".join(filter(None, (above, up_to))) or "all"


def _levels(title: str, levels: Iterable[Level]) -> Iterator[str]:
    yield f"\n{title:<44} {'relativity':>10} {'':>14} {'years':>9} {'claims':>7} {'expected':>9}"
    for level in levels:
        name = f"{level.level} ({level.score_from:.2f} to {level.score_to:.2f})"
        yield (
            f"  {name:<42} {level.relativity:>10.2f} {'':>14} {level.exposure_years:>9,.1f} {level.claims:>7,} "
            f"{level.expected_claims:>9,.1f}"
        )


def _held_out(unseen: HeldOut) -> Iterator[str]:
    ginis = [each for each in unseen.gini_of_folds if each is not None]
    spread = f" ({min(ginis):.3f} to {max(ginis):.3f} in its folds)" if ginis else ""
    gini = "-" if unseen.gini is None else f"{unseen.gini:.3f}{spread}"
    yield (
        f"\nFor drivers it has not seen ({unseen.folds} folds of drivers, seed {unseen.seed}): Gini {gini}, "
        f"{unseen.deviance_explained:.2%} of the deviance explained"
    )
    yield f"{'tenth of the exposure':<44} {'':>10} {'':>14} {'years':>9} {'claims':>7} {'expected':>9}"
    for number, group in enumerate(unseen.deciles, 1):
        name = f"  {number}, by predicted rate"
        counts = f"{group.exposure_years:>9,.1f} {group.claims:>7,} {group.expected_claims:>9,.1f}"
        yield f"{name:<44} {'':>10} {'':>14} {counts}"
