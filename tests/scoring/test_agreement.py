"""As many pairs as there can be, none twice, none too far apart; and what follows from their number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from roadlens.scoring.agreement import Agreement, pairs

SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)).map(lambda it: (it[0], it[0] + it[1])), max_size=7)
MOMENTS = st.lists(st.integers(0, 40), max_size=7)


def most(spans: list[tuple[int, int]], moments: list[int], within: int) -> int:
    """The number of pairs by trying every choice."""
    if not moments:
        return 0
    first, rest = moments[0], moments[1:]
    choices = [place for place, (start, end) in enumerate(spans) if start - within <= first <= end + within]
    taken = [1 + most(spans[:place] + spans[place + 1 :], rest, within) for place in choices]
    return max([most(spans, rest, within), *taken])


@given(SPANS, MOMENTS, st.integers(0, 5))
def test_no_other_choice_makes_more_pairs(spans: list[tuple[int, int]], moments: list[int], within: int) -> None:
    found = list(pairs(spans, moments, within))
    assert len(found) == most(spans, moments, within)
    assert len({span for span, _ in found}) == len({moment for _, moment in found}) == len(found)
    for span, moment in found:
        assert spans[span][0] - within <= moments[moment] <= spans[span][1] + within


def test_the_nearest_is_not_taken_from_who_has_no_other() -> None:
    """The first moment is nearest to the second label, which is the only one that the second moment can have."""
    assert sorted(pairs([(0, 0), (5, 5)], [3, 8], 3)) == [(0, 0), (1, 1)]


def test_the_edge_belongs_to_it() -> None:
    assert [list(pairs([(10, 12)], [moment], 3)) for moment in (6, 7, 15, 16)] == [[], [(0, 0)], [(0, 0)], []]


def test_figures() -> None:
    whole = Agreement(6, 2, 1) + Agreement(2, 2, 1)
    assert (whole.precision, whole.recall, whole.f1) == (0.5, 0.25, 1 / 3)
    nothing = Agreement(0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)
    assert Agreement(3, 0, 0).f1 == 0
