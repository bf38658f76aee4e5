"""Clocks that agree as far as can be seen, and clocks that do not."""

from __future__ import annotations

import pytest

from roadlens.cli.checks.clock import compared


@pytest.mark.parametrize("told", [99.0, 100.0, 100.5, 101.0, 102.5])
def test_what_may_be_the_same(told: float) -> None:
    assert list(compared("it", told, 100.0, 101.0)) == []


@pytest.mark.parametrize(
    ("told", "level", "what"),
    [
        (104.0, "warning", "3.0 s ahead of"),
        (95.0, "warning", "5.0 s behind"),
        (161.5, "error", "60.5 s ahead of"),
        (0.0, "error", "100.0 s behind"),
    ],
)
def test_what_is_apart(told: float, level: str, what: str) -> None:
    (finding,) = compared("it", told, 100.0, 101.0)
    assert finding.level == level
    assert what in finding.what
