"""The last hour in steps: differences, gaps, and clocks that somebody sets."""

from __future__ import annotations

from datetime import UTC, datetime

from roadlens.cache.history import STEP_S, STEPS, Counted, History


def nothing() -> dict[str, Counted]:
    return {}


def taken(*samples: tuple[float, dict[str, tuple[int, int]]]) -> dict[str, list[Counted]]:
    """What a history shows that has taken these sums at these times, in steps."""
    history = History(nothing)
    for step, sums in samples:
        history.take({prefix: Counted(*counts) for prefix, counts in sums.items()}, 1000 * STEP_S + step * STEP_S)
    return dict(history.hour().prefixes)


def test_steps_are_differences() -> None:
    sums = ({"a": (5, 1)}, {"a": (8, 1)}, {"a": (8, 2), "b": (0, 1)}, {"a": (8, 2), "b": (4, 1)})
    shown = taken(*((float(step), each) for step, each in enumerate(sums)))
    assert shown == {"a": [(3, 0), (0, 1), (0, 0)], "b": [(0, 0), (0, 1), (4, 0)]}


def test_what_nobody_asked_for_is_left_out() -> None:
    assert taken((0, {"a": (5, 1)}), (1, {"a": (5, 1)})) == {}


def test_a_step_is_taken_once() -> None:
    assert taken((0, {}), (1, {"a": (1, 0)}), (1.9, {"a": (7, 0)}), (2, {"a": (9, 0)})) == {"a": [(1, 0), (8, 0)]}


def test_steps_that_nobody_took_are_empty() -> None:
    assert taken((0, {}), (4, {"a": (6, 0)})) == {"a": [(0, 0), (0, 0), (0, 0), (6, 0)]}


def test_a_clock_that_is_corrected_is_waited_for() -> None:
    before, back, after = (51, {"a": (6, 0)}), (49, {"a": (7, 0)}), (52, {"a": (9, 0)})
    assert taken((50, {}), before, back, before, after) == {"a": [(6, 0), (3, 0)]}


def test_a_clock_that_is_set_back_begins_anew() -> None:
    assert taken((50, {}), (51, {"a": (6, 0)}), (9, {"a": (7, 0)}), (10, {"a": (9, 0)})) == {"a": [(2, 0)]}


def test_an_hour_is_kept_however_long_it_was_away() -> None:
    samples = [(float(step), {"a": (step, 0)}) for step in range(STEPS + 50)]
    assert taken(*samples) == {"a": [(1, 0)] * STEPS}
    assert taken(*samples, (STEPS * 9, {"a": (999, 0)}))["a"][-2:] == [(0, 0), (999 - STEPS - 49, 0)]


def test_until_is_the_end_of_the_last_step() -> None:
    history = History(nothing)
    history.take({}, 1_000_000_007.5)
    assert history.hour().until == datetime.fromtimestamp(1_000_000_000, UTC)


async def test_it_is_taken_at_whole_steps_while_it_runs() -> None:
    """The first time at once; so the first step that ends is known."""
    asked: list[int] = []

    def read() -> dict[str, Counted]:
        asked.append(1)
        return {"a": Counted(len(asked), 0)}

    history = History(read)
    async with history.running():
        assert asked == [1]
        assert history.hour().until.timestamp() % STEP_S == 0
