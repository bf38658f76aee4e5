"""What a register may be, at each moment around two writes of which one was never acknowledged."""

from __future__ import annotations

import pytest

from lab.registers import ABSENT, AT_LEAST, AT_MOST, BEYOND, GONE, IS, PARITY, THERE, possible
from lab.timeline import Family, Rising, Timeline

# 2 is written from 10 to 12. 3 is attempted at 20 and 25, and never acknowledged. 4 is written from 30 to 31.
LINE = Timeline(1, [(10, 2), (20, 3), (25, 3), (30, 4)], [(12, 2), (31, 4)])


@pytest.mark.parametrize(
    ("began", "ended", "lowest", "highest"),
    [
        (8, 9, 1, 1),
        (9, 11, 1, 2),
        (11.9, 12.1, 1, 2),
        (12, 13, 2, 2),
        (13, 20, 2, 3),
        (29, 29.9, 2, 3),
        (30.5, 40, 2, 4),
        (31, 40, 4, 4),
    ],
)
def test_from_the_newest_acknowledged_before_to_the_newest_begun(
    began: float, ended: float, lowest: int, highest: int
) -> None:
    assert (LINE.lowest(began), LINE.highest(ended)) == (lowest, highest)


def test_what_is_acknowledged_late_does_not_take_back_what_came_after_it() -> None:
    line = Timeline(1, [(1, 2), (2, 3)], [(5, 3), (6, 2)])
    assert line.lowest(7) == 3


def test_rising_keeps_the_highest() -> None:
    rising = Rising([(1, 5), (2, 3), (3, 6)])
    assert [rising.by(at, 0) for at in (0, 1, 2.5, 3)] == [0, 5, 5, 6]
    assert [rising.since(at) for at in (0.5, 2.5, 9)] == [None, 1, 3]


@pytest.mark.parametrize(
    ("how", "number", "yes", "no"),
    [
        (IS, 3, [(3, 3), (2, 4)], [(4, 5), (1, 2)]),
        (PARITY, 1, [(3, 3), (2, 3)], [(2, 2)]),
        (AT_MOST, 3, [(3, 9), (1, 1)], [(4, 9)]),
        (BEYOND, 3, [(1, 4), (4, 4)], [(1, 3)]),
        (AT_LEAST, 3, [(1, 3)], [(1, 2)]),
        (THERE, 0, [(0, 1), (1, 1), (1, GONE)], [(0, 0), (GONE, GONE)]),
        (ABSENT, 0, [(0, 0), (0, 1), (1, GONE)], [(1, 1)]),
    ],
)
def test_what_a_register_can_look_like(
    how: str, number: int, yes: list[tuple[int, int]], no: list[tuple[int, int]]
) -> None:
    assert [possible(how, number, *span) for span in yes] == [True] * len(yes)
    assert [possible(how, number, *span) for span in no] == [False] * len(no)


def test_how_many_are_there_is_known_within_what_is_under_way() -> None:
    family = Family()
    family.member((1, 2), (None, None))
    family.member((10, 11), (20, 21))
    family.member((30, None), (None, None))
    family.complete()
    spans = [(0, 0.5), (0, 1.5), (3, 4), (10.5, 10.6), (12, 13), (19, 20.5), (21, 22), (31, 32)]
    counts = [(family.fewest(*span), family.most(*span)) for span in spans]
    assert counts == [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (1, 2), (1, 1), (1, 2)]
