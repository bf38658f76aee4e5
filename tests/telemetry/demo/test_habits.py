"""Habits leave room between days; styles reach from calm to wild."""

from __future__ import annotations

import numpy as np
import pytest

from roadlens.domain import EVENT_TYPES
from roadlens.telemetry.demo.chance import root
from roadlens.telemetry.demo.habits import HABITS, Habit, habit_of, style_of

QUANTILES = np.linspace(0, 0.999, 200)


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
def test_a_day_is_over_before_the_next_can_begin(habit: Habit) -> None:
    """Otherwise a day's drives would depend on the day before, and on where the fleet begins."""
    earliest = [tour.leaves - 2.5 * tour.spread_min / 60 for tour in habit.tours]
    assert all(habit.ends < 24 + hour for hour in earliest)
    assert [tour.leaves for tour in habit.tours] == sorted(tour.leaves for tour in habit.tours)


def test_shares_add_up() -> None:
    assert sum(habit.share for habit in HABITS) == pytest.approx(1)


def test_most_are_calm_and_few_are_wild() -> None:
    styles = [style_of(quantile, root(1, index)) for index, quantile in enumerate(QUANTILES)]
    means = np.array([np.mean([style.relative[kind] for kind in EVENT_TYPES]) for style in styles])
    assert 0.5 < (means < 1).mean() < 0.75
    assert 0.03 < (means > 5).mean() < 0.09
    assert [style.wild for style in styles] == sorted(style.wild for style in styles)


def test_the_wild_keep_to_the_habits_of_the_wild() -> None:
    calm, wild = style_of(0.0, root(1)), style_of(0.999, root(1))
    assert {habit_of(quantile, wild).name for quantile in QUANTILES} == {habit.name for habit in HABITS if habit.wild}
    assert {habit_of(quantile, calm).name for quantile in QUANTILES} == {habit.name for habit in HABITS}
