"""Numbers that depend on their key and question alone, and are spread as they should be."""

from __future__ import annotations

import numpy as np

from roadlens.telemetry.demo.chance import normal, root, uniform, within

MANY = within(root(7), np.arange(50_000))


def test_a_number_depends_on_its_own_key_only() -> None:
    alone = uniform(within(root(7), 123), "goes")[0]
    assert alone == uniform(MANY, "goes")[123]
    assert alone == uniform(MANY[::-1], "goes")[-124]
    assert alone != uniform(MANY, "stays")[123]
    assert root(1, 2) != root(2, 1)


def test_it_stays_the_same_from_one_version_to_the_next() -> None:
    assert uniform(root(1, 2, 3), "question")[0] == 0.5675711870270544


def test_uniform_numbers_fill_their_span_evenly() -> None:
    numbers = uniform(MANY, "anything", 2.0, 4.0)
    counts, _ = np.histogram(numbers, bins=20, range=(2.0, 4.0))
    assert counts.sum() == len(MANY)
    assert np.abs(counts - 2_500).max() < 250
    assert abs(np.corrcoef(numbers, uniform(MANY, "something else"))[0, 1]) < 0.02


def test_normal_numbers_have_mean_0_and_deviation_1() -> None:
    numbers = normal(MANY, "anything")
    assert abs(numbers.mean()) < 0.02
    assert abs(numbers.std() - 1) < 0.02
