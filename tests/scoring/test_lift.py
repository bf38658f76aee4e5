"""Groups of one size whatever is in them, and a Gini index that knows right from wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadlens.scoring.lift import edges, gini, group_of, lift, poisson_deviance

POLICIES = st.lists(st.tuples(st.integers(0, 9), st.floats(0.1, 2.0), st.integers(0, 3)), min_size=1, max_size=40)


def test_groups_hold_the_same_exposure() -> None:
    chance = np.random.default_rng(1)
    values, exposure = chance.normal(size=5000), chance.uniform(0.2, 1.0, 5000)
    group = group_of(values, edges(values, exposure, 10))
    assert np.bincount(group, exposure) == pytest.approx(exposure.sum() / 10, rel=0.01)
    assert (np.diff(group[np.argsort(values)]) >= 0).all()


@given(POLICIES, st.integers(1, 12))
def test_nobody_is_lost_and_equals_stay_together(policies: list[tuple[int, float, int]], groups: int) -> None:
    predicted = np.array([1.0 + value for value, _, _ in policies])
    exposure, claims = np.array([each[1] for each in policies]), np.array([each[2] for each in policies])
    group = group_of(predicted, edges(predicted, exposure, groups))
    assert 0 <= group.min() <= group.max() < groups
    assert len(set(zip(predicted.tolist(), group.tolist(), strict=True))) == len(set(predicted.tolist()))
    found = lift(predicted, claims, exposure, groups)
    assert sum(each.claims for each in found) == claims.sum()
    assert sum(each.exposure_years for each in found) == pytest.approx(exposure.sum())
    assert sum(each.expected_claims for each in found) == pytest.approx((predicted * exposure).sum(), abs=1e-4)


def test_gini_of_an_order_that_is_right_wrong_and_none() -> None:
    claims, exposure = np.array([0, 0, 0, 4]), np.ones(4)
    rising = np.array([1.0, 2.0, 3.0, 4.0])
    assert gini(rising, claims, exposure) == pytest.approx(0.75)  # all claims in the last quarter
    assert gini(rising[::-1], claims, exposure) == pytest.approx(-0.75)
    assert gini(np.ones(4), claims, exposure) == pytest.approx(0)
    assert gini(rising, np.zeros(4, dtype=int), exposure) is None


def test_deviance_is_0_for_what_happened_and_greater_for_anything_else() -> None:
    claims = np.array([0, 1, 3])
    assert poisson_deviance(claims, np.array([1e-12, 1.0, 3.0])) == pytest.approx(0, abs=1e-9)
    # Twice 3 log(3/2) - (3 - 2), by hand.
    assert poisson_deviance(np.array([3]), np.array([2.0])) == pytest.approx(0.43279, abs=1e-5)
