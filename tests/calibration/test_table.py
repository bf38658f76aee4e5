"""The table says what the coefficients say, adds up to the portfolio, and survives being a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadlens.calibration.calibrate import calibrate
from roadlens.calibration.document import FORMAT, RelativityTable, encoded, read_table
from roadlens.calibration.fit import fit
from roadlens.calibration.table import relativity_table
from roadlens.errors import InvalidInput
from roadlens.scoring.premium import apply
from tests.support.claims import portfolio

EFFECTS = {"harsh_braking": 0.6, "speeding_share": 0.3, "night_share": -0.2}
POLICIES = portfolio(EFFECTS, seed=8)


@pytest.fixture(scope="module")
def table() -> RelativityTable:
    done = calibrate(POLICIES, fit, without=(), folds=5, seed=1)
    about: dict[str, Any] = {"version": 3, "formula": "relativity-1", "window_days": 90.0}
    return relativity_table(done, **about, claims_sha256="ab" * 32, left_out={"unknown driver": 2})


def test_bands_follow_from_the_coefficients(table: RelativityTable) -> None:
    exposure = np.array([policy.period.exposure for policy in POLICIES])
    for factor in table.factors:
        credible = np.array([policy.factors[factor.factor].credible for policy in POLICIES])
        each = factor.relativities(credible)
        assert np.average(each, weights=exposure) == pytest.approx(1)
        assert len(factor.bands) == 5
        for band in factor.bands:
            here = np.ones(len(credible), dtype=bool)
            # The edges are values of drivers, written in decimals: the step keeps each on its side.
            here &= credible > (band.above or 0) * (1 + 1e-9)
            here &= credible <= (band.up_to or np.inf) * (1 + 1e-9)
            assert band.exposure_years == pytest.approx(exposure[here].sum())
            assert band.relativity == pytest.approx(np.average(each[here], weights=exposure[here]))
            assert band.low <= band.relativity <= band.high
        rising = np.diff([band.relativity for band in factor.bands]) * factor.coefficient
        assert (rising > 0).all()


def test_everything_adds_up_to_the_portfolio(table: RelativityTable) -> None:
    claims, years = table.source.claims, table.source.exposure_years
    groups: list[Sequence[Any]] = [factor.bands for factor in table.factors]
    for parts in (*groups, table.levels, table.deciles, table.held_out.deciles):
        assert sum(part.claims for part in parts) == claims
        assert sum(part.exposure_years for part in parts) == pytest.approx(years)
    for factor in table.factors:
        mean = sum(band.relativity * band.exposure_years for band in factor.bands) / years
        assert mean == pytest.approx(1)
        # The fit's own equation: with an intercept, expected claims are as many as there were.
        assert sum(band.expected_claims for band in factor.bands) == pytest.approx(claims, rel=1e-6)
    assert sum(level.relativity * level.exposure_years for level in table.deciles) / years == pytest.approx(1)
    assert table.source.drivers == 3000
    assert [level.level for level in table.levels] == ["low", "medium"]


def test_it_is_applied_as_it_was_fitted(table: RelativityTable) -> None:
    """Off-balance aside, the product of a driver's relativities is proportional to what the model predicts."""
    drivers = [policy.factors for policy in POLICIES[:50]]
    done = apply(table.factors, drivers, at_least=0, at_most=np.inf)
    logs = np.array([[np.log(driver[name].credible / 2.0) for name in EFFECTS] for driver in drivers])
    predicted = np.exp(logs @ np.array([factor.coefficient for factor in table.factors]))
    assert done.relativity / predicted == pytest.approx(1 / predicted.mean())


def test_a_file_of_it_is_read_back_and_has_no_time_in_it(table: RelativityTable, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_bytes(encoded(table))
    again = read_table(path)
    assert encoded(again) == path.read_bytes()
    written = json.loads(path.read_text())
    assert written["format"] == FORMAT
    assert written["score_version"] == 3
    assert written["source"]["claims_sha256"] == "ab" * 32
    assert (written["source"]["first"], written["source"]["until"]) == ("2025-01-01", "2027-01-01")
    assert written["source"]["left_out"] == {"unknown driver": 2}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda it: it.pop("factors"), "missing required field `factors`"),
        (lambda it: it.update(format="roadlens-relativities-0"), "this program reads 'roadlens-relativities-1'"),
        (lambda it: it["factors"][0].update(base=0), "harsh_braking: `expected` and `base` must be above 0"),
        (lambda it: it["factors"][0].update(coefficient="x"), "$.factors[0].coefficient"),
    ],
)
def test_what_is_no_such_file(table: RelativityTable, tmp_path: Path, change: Any, says: str) -> None:
    written = json.loads(encoded(table))
    change(written)
    path = tmp_path / "table.json"
    path.write_text(json.dumps(written))
    with pytest.raises(InvalidInput) as caught:
        read_table(path)
    assert says in caught.value.detail
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_table(tmp_path / "nothing.json")
