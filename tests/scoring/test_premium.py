"""Relativities multiply, their mean is 1, and caps hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadlens.errors import InvalidInput
from roadlens.scoring.premium import FactorTable, Observed, apply

BRAKING = FactorTable("harsh_braking", "Harsh braking", "per 100 km", 0.5, 0.1, 2.0, 1.1, [])
NIGHT = FactorTable("night_share", "Distance at night", "share of distance", -0.2, 0.1, 0.1, 0.98, [])
RATES = st.lists(st.tuples(st.floats(0.01, 50), st.floats(0.001, 1)), min_size=1, max_size=30)


def drivers(*rates: tuple[float, float]) -> list[dict[str, Observed]]:
    return [
        {
            "harsh_braking": Observed("Harsh braking", "per 100 km", 0, braking, 2.0),
            "night_share": Observed("Distance at night", "share of distance", 0, night, 0.1),
            "other": Observed("Something else", "", 0, 1, 1),
        }
        for braking, night in rates
    ]


def test_a_factor_is_a_power_of_times_the_mean() -> None:
    done = apply([BRAKING], drivers((2, 0.1), (8, 0.1)), at_least=0, at_most=np.inf)
    assert done.by_factor["harsh_braking"] == pytest.approx([1 / 1.1, 2 / 1.1])
    assert done.relativity == pytest.approx([2 / 3, 4 / 3])


@given(RATES, st.sampled_from([(0.0, np.inf), (0.5, 2.0), (0.9, 1.05), (0.0, 1.5), (0.7, np.inf)]))
def test_the_mean_is_1_and_factors_multiply(rates: list[tuple[float, float]], caps: tuple[float, float]) -> None:
    done = apply([BRAKING, NIGHT], drivers(*rates), at_least=caps[0], at_most=caps[1])
    assert done.relativity.mean() == pytest.approx(1, abs=1e-9)
    assert ((done.relativity >= caps[0]) & (done.relativity <= caps[1])).all()
    product = done.off_balance * np.prod(list(done.by_factor.values()), axis=0)
    assert done.relativity[~done.capped] == pytest.approx(product[~done.capped], rel=1e-12)
    assert np.isin(done.relativity[done.capped], caps).all()


def test_nobody_and_no_factor() -> None:
    assert apply([BRAKING], [], at_least=0, at_most=np.inf).relativity.shape == (0,)
    assert apply([], drivers((2, 0.1)), at_least=0.5, at_most=2).relativity == pytest.approx([1])


@pytest.mark.parametrize("caps", [(1.0, 2.0), (0.5, 1.0), (-0.1, 2.0), (0.5, float("nan")), (float("nan"), 2.0)])
def test_caps_lie_on_both_sides_of_1(caps: tuple[float, float]) -> None:
    with pytest.raises(InvalidInput, match="both sides of 1"):
        apply([BRAKING], drivers((2, 0.1)), at_least=caps[0], at_most=caps[1])
