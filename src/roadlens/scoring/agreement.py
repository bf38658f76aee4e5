"""How well moments agree with labelled spans: which belongs to which, and precision, recall and F1 of that."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """Counts of one type: what was labelled, what was derived, and how many pairs of both there are."""

    labels: int
    derived: int
    agree: int

    @property
    def precision(self) -> float | None:
        """The share of what was derived that was labelled; None where nothing was derived."""
        return self.agree / self.derived if self.derived else None

    @property
    def recall(self) -> float | None:
        """The share of the labels that was derived; None without labels."""
        return self.agree / self.labels if self.labels else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both (van Rijsbergen 1979); None where there is nothing to compare."""
        both = self.labels + self.derived
        return 2 * self.agree / both if both else None

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(self.labels + other.labels, self.derived + other.derived, self.agree + other.agree)


def pairs(spans: Sequence[tuple[int, int]], moments: Sequence[int], within: int) -> Iterator[tuple[int, int]]:
    """As many pairs (place of a span, place of a moment) as there can be, where each is in one pair at most.

    A moment may belong to a span that begins at most `within` after it and ended at most `within` before it. Going
    through the moments in time and giving each to that span, of those it may belong to, which ends first makes most
    pairs: any other choice leaves later moments no more to choose from (Glover 1967, matchings in convex bipartite
    graphs).
    """
    coming = sorted(range(len(spans)), key=lambda place: spans[place][0], reverse=True)
    open_spans: list[tuple[int, int]] = []
    for moment in sorted(range(len(moments)), key=lambda place: moments[place]):
        at = moments[moment]
        while coming and spans[coming[-1]][0] - within <= at:
            place = coming.pop()
            heapq.heappush(open_spans, (spans[place][1], place))
        while open_spans and open_spans[0][0] + within < at:
            heapq.heappop(open_spans)
        if open_spans:
            yield heapq.heappop(open_spans)[1], moment
