"""Memory is flat when a process, once it is warm, grows by little."""

from __future__ import annotations

import os

from lab.history import Sizes
from lab.memory import growth, is_flat, proportional, series

MB = 1_000_000


def test_a_process_may_grow_while_it_is_new() -> None:
    assert is_flat([number * 10 * MB for number in range(10)] + [100 * MB] * 20)


def test_a_process_that_goes_on_growing_is_not_flat() -> None:
    assert not is_flat([100 * MB + number * 3 * MB for number in range(30)])


def test_nothing_is_said_of_one_that_lived_shortly() -> None:
    assert growth([100 * MB] * 8) is None
    assert is_flat([number * 10 * MB for number in range(8)])


def test_a_process_has_a_size_and_one_that_has_gone_none() -> None:
    assert proportional(os.getpid()) > MB
    assert proportional(2**22 + 1) == 0


def test_samples_become_series() -> None:
    samples = [Sizes(1, {"a": 5}), Sizes(2, {"a": 6, "b": 1})]
    assert series(samples) == {"a": [(1, 5), (2, 6)], "b": [(2, 1)]}
