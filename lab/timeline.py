"""What a register may be at a moment, by what was written to it and when. Knows neither reads nor files.

A write is under way from when its client began to send it until it was acknowledged, or for ever where it was not.
Until then a reader may be given the value of before or after it; afterwards never the one of before (Lamport 1986: a
regular register). As values only go up, all that is a lowest and a highest value at each moment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class Rising:
    """The highest number by each moment."""

    __slots__ = ("_numbers", "_times")

    def __init__(self, marks: Iterable[tuple[float, int]] = ()) -> None:
        self._times: list[float] = []
        self._numbers: list[int] = []
        for at, number in sorted(marks):
            self.mark(at, number)

    def mark(self, at: float, number: int) -> None:
        """In the order of time."""
        if not self._numbers or number > self._numbers[-1]:
            self._times.append(at)
            self._numbers.append(number)

    def by(self, at: float, otherwise: int) -> int:
        place = bisect_right(self._times, at)
        return self._numbers[place - 1] if place else otherwise

    def since(self, at: float) -> float | None:
        """When the number of that moment came to be."""
        place = bisect_right(self._times, at)
        return self._times[place - 1] if place else None


class Timeline:
    """One register: `lowest` and `highest` for a reader who asked at `began` and was answered at `ended`."""

    def __init__(
        self, initial: int, attempted: Iterable[tuple[float, int]], acknowledged: Iterable[tuple[float, int]]
    ) -> None:
        """Each as pairs of a time and a number: when an attempt began, and when one was acknowledged."""
        self._initial = initial
        self._attempted = Rising(attempted)
        self._acknowledged = Rising(acknowledged)
        self._witnessed = Rising()

    def lowest(self, began: float) -> int:
        return self._acknowledged.by(began, self._initial)

    def highest(self, ended: float) -> int:
        return self._attempted.by(ended, self._initial)

    def acknowledged_since(self, began: float) -> float | None:
        """When the lowest value that a reader may be given was acknowledged."""
        return self._acknowledged.since(began)

    def witness(self, ended: float, number: int) -> None:
        """A reader has been given this value; to be told in the order of time."""
        self._witnessed.mark(ended, number)

    def witnessed(self, by: float) -> int:
        return self._witnessed.by(by, self._initial)


class Family:
    """How many of many registers are there: made, and not deleted."""

    def __init__(self) -> None:
        self._made_from: list[float] = []
        self._made_by: list[float] = []
        self._deleted_from: list[float] = []
        self._deleted_by: list[float] = []

    def member(self, made: tuple[float | None, float | None], deleted: tuple[float | None, float | None]) -> None:
        """For each: when the first attempt began, and when one was first acknowledged."""
        times = (self._made_from, self._made_by, self._deleted_from, self._deleted_by)
        for listed, at in zip(times, (*made, *deleted), strict=True):
            if at is not None:
                listed.append(at)

    def complete(self) -> None:
        for listed in (self._made_from, self._made_by, self._deleted_from, self._deleted_by):
            listed.sort()

    def fewest(self, began: float, ended: float) -> int:
        """Only who is known to be there is deleted, so who may be deleted was counted."""
        return bisect_right(self._made_by, began) - bisect_right(self._deleted_from, ended)

    def most(self, began: float, ended: float) -> int:
        return bisect_right(self._made_from, ended) - bisect_right(self._deleted_by, began)
