"""The risk score by hand, its factors and their sum, and how it moves with what a driver does."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadlens.domain import EVENT_TYPES
from roadlens.scoring.parameters import DEFAULT
from roadlens.scoring.risk import Exposure, Risk, risk

NOTHING = Exposure(0, 0, 0, 0, 0, 0, 0, 0)
KM = 1000


def of(distance_km: float, **done: int) -> Risk:
    return risk(DEFAULT, replace(NOTHING, distance_m=round(distance_km * KM), **done))


def score(distance_km: float, **done: int) -> float:
    found = of(distance_km, **done).score
    assert found is not None
    return found


@st.composite
def exposures(draw: st.DrawFn) -> Exposure:
    distance = draw(st.integers(50 * KM, 100_000 * KM))
    shares = draw(st.tuples(st.integers(0, distance), st.integers(0, distance)))
    return Exposure(distance, *shares, *(draw(st.integers(0, 5000)) for _ in EVENT_TYPES))


def test_a_known_driver_by_hand() -> None:
    """250 km, as much as the prior weighs, with ten harsh brakings: (10 + 6.25) events in 500 km are 3.25 per 100 km.

    That is 1.3 times the mean of 2.5: 22 x 1.3 / (1.3 + 2) points. Everything else is seen half as often as usual and
    gets 0.5 / (0.5 + 2) of its weight.
    """
    found = of(250, harsh_braking=10)
    points = {factor.factor: factor.points for factor in found.factors}
    assert points == {
        "harsh_braking": 8.67,
        "rapid_acceleration": 2.6,
        "harsh_cornering": 2.6,
        "speeding": 2.4,
        "phone_use": 3.2,
        "speeding_share": 2.8,
        "night_share": 2.0,
    }
    assert (found.score, found.level) == (24.27, "low")
    braking = found.factors[0]
    assert (braking.observed, braking.credible, braking.expected, braking.weight) == (4.0, 3.25, 2.5, 22)


@pytest.mark.parametrize("kilometres", [200, 1000, 100_000])
def test_a_driver_at_the_mean_has_a_third_of_the_points(kilometres: int) -> None:
    mean = {name: round(getattr(DEFAULT, f"prior_{name}") * kilometres / 100) for name in map(str, EVENT_TYPES)}
    mean |= {"speeding_m": 30 * kilometres, "night_m": 100 * kilometres}
    assert score(kilometres, **mean) == pytest.approx(100 / 3, abs=0.03)


def test_below_the_minimum_distance_there_is_no_score() -> None:
    assert of(49.999, harsh_braking=100) == Risk(None, None, ())
    assert of(50).score is not None


def test_little_evidence_stays_near_the_mean_and_much_evidence_leaves_it() -> None:
    """Three times the mean of harsh braking, on ever longer distances."""
    scores = [score(kilometres, harsh_braking=round(0.075 * kilometres)) for kilometres in (60, 250, 1000, 10_000)]
    points = [of(km, harsh_braking=round(0.075 * km)).factors[0].points for km in (60, 250, 1000, 10_000)]
    assert points == sorted(points)
    assert points[0] == pytest.approx(22 / 3, abs=2)
    assert points[-1] == pytest.approx(22 * 3 / 5, abs=0.2)
    assert all(0 < value < 100 for value in scores)


@given(exposures())
def test_factors_add_up_to_the_score_exactly(exposure: Exposure) -> None:
    found = risk(DEFAULT, exposure)
    assert found.score is not None
    assert sum(Decimal(str(factor.points)) for factor in found.factors) == Decimal(str(found.score))
    assert 0 < found.score < 100
    assert all(0 <= factor.points <= factor.weight for factor in found.factors)


MORE = (*map(str, EVENT_TYPES), "speeding_m", "night_m")


@given(exposures(), st.sampled_from(MORE), st.integers(1, 10_000))
def test_more_of_anything_never_lowers_the_risk(exposure: Exposure, what: str, more: int) -> None:
    worse: dict[str, Any] = {what: getattr(exposure, what) + more}
    before, after = risk(DEFAULT, exposure).score, risk(DEFAULT, replace(exposure, **worse)).score
    assert before is not None
    assert after is not None
    assert after >= before


@given(exposures(), st.integers(1, 1_000_000))
def test_a_longer_way_with_the_same_events_never_raises_the_risk(exposure: Exposure, more: int) -> None:
    before = risk(DEFAULT, exposure).score
    after = risk(DEFAULT, replace(exposure, distance_m=exposure.distance_m + more)).score
    assert before is not None
    assert after is not None
    assert after <= before
