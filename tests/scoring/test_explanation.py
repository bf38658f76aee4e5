"""A score against an average driver's: by hand, and adding up for whatever was driven."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from roadlens.scoring.explanation import Explanation, Terms, explain
from roadlens.scoring.parameters import DEFAULT
from roadlens.scoring.risk import Exposure, factor_points, risk
from tests.scoring.test_risk import KM, NOTHING, exposures

TERMS = Terms.of(DEFAULT.as_dict())
AMOUNTS = {"speeding_share": "speeding_m", "night_share": "night_m"}


def explained(exposure: Exposure) -> Explanation:
    return explain(TERMS, exposure, risk(DEFAULT, exposure).factors)


def test_a_known_driver_by_hand() -> None:
    """The driver of docs/scoring.md: 250 km with ten harsh brakings.

    An average driver has 22 / 3 = 7.33 points of braking and 33.33 in all, though 33.32 in hundredths. Without a single
    braking it would count as half the mean: 22 x 0.5 / 2.5 = 4.4 points instead of 8.67.
    """
    found = explained(replace(NOTHING, distance_m=250 * KM, harsh_braking=10))
    assert (found.credibility, found.average_score) == (0.5, 33.32)
    braking, *others = found.factors
    assert (braking.relativity, braking.average_points, braking.above_average) == (1.3, 7.33, 1.34)
    assert (braking.amount, braking.counts_metres, braking.score_without) == (10, False, 20.0)
    assert all(one.relativity == 0.5 and one.above_average < 0 and one.score_without == 24.27 for one in others)
    assert [one.factor.factor for one in others if one.counts_metres] == ["speeding_share", "night_share"]


@given(exposures())
def test_everything_adds_up(exposure: Exposure) -> None:
    score = risk(DEFAULT, exposure).score
    assert score is not None
    found = explained(exposure)
    assert sum(one.factor.points for one in found.factors) == pytest.approx(score, abs=1e-9)
    assert sum(one.average_points for one in found.factors) == pytest.approx(found.average_score, abs=1e-9)
    assert sum(one.above_average for one in found.factors) == pytest.approx(score - found.average_score, abs=1e-9)
    for one in found.factors:
        assert one.factor.points - one.average_points == pytest.approx(one.above_average, abs=1e-9)


@given(exposures())
def test_points_follow_from_the_relativity_however_rare_the_factor_is(exposure: Exposure) -> None:
    """Of a portfolio that hardly ever speeds, four decimals of a rate say next to nothing."""
    rare = replace(DEFAULT, prior_speeding_share=0.0001, prior_night_share=0.0003, prior_phone_use=0.001)
    terms = Terms.of(rare.as_dict())
    for one in explain(terms, exposure, risk(rare, exposure).factors).factors:
        assert factor_points(one.factor.weight, one.relativity, terms.half) == pytest.approx(
            one.factor.points, abs=0.011
        )


@given(exposures())
def test_without_a_factor_the_score_is_that_of_who_never_did_it(exposure: Exposure) -> None:
    for one in explained(exposure).factors:
        amount = AMOUNTS.get(one.factor.factor, one.factor.factor)
        assert one.amount == getattr(exposure, amount)
        never: dict[str, Any] = {amount: 0}
        assert one.score_without == pytest.approx(risk(DEFAULT, replace(exposure, **never)).score, abs=0.011)


@given(exposures())
def test_what_stands_above_the_mean_adds_more_than_the_average(exposure: Exposure) -> None:
    for one in explained(exposure).factors:
        assert one.factor.observed < one.factor.expected or one.above_average >= 0
        assert one.factor.observed > one.factor.expected or one.above_average <= 0


def test_without_a_score_there_is_nothing_to_add_up() -> None:
    found = explained(replace(NOTHING, distance_m=10 * KM))
    assert (found.factors, found.average_score) == ((), 0)
    assert found.credibility == pytest.approx(10 / 260)


def test_what_weighs_nothing_adds_nothing() -> None:
    """A version without night (docs/fairness.md), where driving at night alone would be 8.33 of ten points."""
    exposure = replace(NOTHING, distance_m=100_000 * KM, night_m=100_000 * KM)
    assert risk(DEFAULT, exposure).factors[-1].points == pytest.approx(8.33, abs=0.01)
    parameters = replace(DEFAULT, risk_night_share=0, risk_harsh_braking=32)
    night = explain(TERMS, exposure, risk(parameters, exposure).factors).factors[-1]
    assert (night.factor.points, night.average_points, night.above_average) == (0, 0, 0)
