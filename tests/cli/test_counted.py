"""One is no plural."""

from __future__ import annotations

from roadlens.cli.counted import counted


def test_one_and_others() -> None:
    assert [counted(number, "trip") for number in (0, 1, 2, 1250)] == ["0 trips", "1 trip", "2 trips", "1,250 trips"]
    assert [counted(number, "entry", "entries") for number in (1, 2)] == ["1 entry", "2 entries"]
