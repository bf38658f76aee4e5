"""What `benchmarks.reads` measured, and how it is told: as a table to print and as rows to keep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks.naive.asked import Fact


@dataclass(slots=True)
class Taken:
    """What one way took for one question of one portfolio: a figure an answer, in seconds.

    Attributes:
        statements: how many ran for an answer; the most, should they differ.
        sql: the part of `seconds` that went by in statements.
        over: it was ended after this many seconds, without an answer.
        wrong: what it says and what is right, where these differ.
    """

    statements: int = 0
    seconds: list[float] = field(default_factory=list)
    sql: list[float] = field(default_factory=list)
    over: float | None = None
    wrong: dict[str, tuple[Fact, Fact]] = field(default_factory=dict)

    @property
    def ms(self) -> float:
        """The median, in milliseconds."""
        return median(self.seconds) * 1e3

    @property
    def sql_ms(self) -> float:
        return median(self.sql) * 1e3


# By question, drivers, and way: a, b, c or d.
Measured = defaultdict[tuple[str, int, str], Taken]

_HEAD = (
    "",
    "drivers",
    "(a) loops",
    "ms",
    "(b) joins",
    "ms",
    "(c) a miss",
    "ms",
    "in SQL",
    "(d) a hit",
    "ms",
    "(a) or (b) is wrong",
)


def rows(measured: Measured) -> list[dict[str, Any]]:
    """A question of a portfolio each, in the order of the questions and then of the sizes."""
    return [
        {
            "question": question,
            "drivers": drivers,
            **{way: _figures(measured[question, drivers, way]) for way in "abcd"},
        }
        for question, drivers in dict.fromkeys((question, drivers) for question, drivers, _ in measured)
    ]


def growths(measured: Measured) -> dict[str, float]:
    """By how much a miss takes longer with the largest portfolio than with the smallest, for each question."""
    sizes = sorted({drivers for _, drivers, _ in measured})
    questions = dict.fromkeys(question for question, _, _ in measured)
    return {
        question: round(measured[question, sizes[-1], "c"].ms / measured[question, sizes[0], "c"].ms, 2)
        for question in questions
    }


def table(measured: Measured) -> Iterator[str]:
    """The lines of one table, as Markdown."""
    told = [_HEAD, *(_told(measured, row["question"], row["drivers"]) for row in rows(measured))]
    widths = [max(map(len, column)) for column in zip(*told, strict=True)]
    last = len(widths) - 1
    for number, line in enumerate(told):
        cells = (
            text.ljust(width) if place in (0, last) else text.rjust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield f"|{'|'.join(' --- ' if place in (0, last) else ' ---: ' for place in range(last + 1))}|"


def _figures(taken: Taken) -> dict[str, Any]:
    figures: dict[str, Any] = {"statements": taken.statements, "answers": len(taken.seconds)}
    if taken.over is not None:
        figures["over_s"] = taken.over
    else:
        figures |= {"ms": round(taken.ms, 3), "sql_ms": round(taken.sql_ms, 3)}
    if taken.wrong:
        name, (said, right) = next(iter(taken.wrong.items()))
        figures["wrong"] = {"facts": len(taken.wrong), "such_as": name, "says": said, "right": right}
    return figures


def _told(measured: Measured, question: str, drivers: int) -> tuple[str, ...]:
    loops, joins, miss, hit = (measured[question, drivers, way] for way in "abcd")
    wrong = [_wrong(way, taken) for way, taken in (("a", loops), ("b", joins)) if taken.wrong]
    return (
        question,
        f"{drivers:,}",
        *(text for taken in (loops, joins, miss) for text in (f"{taken.statements:,}", _ms(taken))),
        f"{miss.sql_ms:.2f}",
        f"{hit.statements:,}",
        f"{hit.ms:.3f}",
        "; ".join(wrong),
    )


def _ms(taken: Taken) -> str:
    if taken.over is not None:
        return f"> {taken.over * 1e3:,.0f}"
    return f"{taken.ms:.2f}" if taken.ms < 10 else f"{taken.ms:,.0f}"


def _wrong(way: str, taken: Taken) -> str:
    name, (said, right) = next(iter(taken.wrong.items()))
    more = f", and {len(taken.wrong) - 1} more" if len(taken.wrong) > 1 else ""
    return f"({way}) {name} {said}, right is {right}{more}"
