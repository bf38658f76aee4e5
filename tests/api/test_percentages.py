"""Percentages add up to exactly 100, in floating point too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadlens.api.percentages import percentages


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ([0, 0, 0], [0, 0, 0]),
        ([1, 0, 0], [100, 0, 0]),
        ([1, 1, 1], [33.34, 33.33, 33.33]),
        ([2, 1, 0], [66.7, 33.3, 0]),
        ([999, 1, 0], [99.9, 0.1, 0]),
    ],
)
def test_known_shares(counts: list[int], shares: list[float]) -> None:
    assert percentages(counts) == shares


@given(st.lists(st.integers(0, 10**7), min_size=3, max_size=3).filter(any))
def test_they_add_up(counts: list[int]) -> None:
    shares = percentages(counts)
    assert sum(shares) == 100
    for count, share in zip(counts, shares, strict=True):
        assert abs(share - 100 * count / sum(counts)) <= 1
