"""Asks what a schedule says when it says it, and sums up how long the answers took."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from time import perf_counter
from typing import Any

from benchmarks.workday.client import Answered, Browser
from benchmarks.workday.schedule import Ask


@dataclass(slots=True)
class Replayed:
    """What became of what was asked.

    Attributes:
        late: seconds by which each request was sent later than it was due.
    """

    answers: list[Answered] = field(default_factory=list)
    late: list[float] = field(default_factory=list)

    def told(self) -> dict[str, dict[str, Any]]:
        """By endpoint and outcome, how many answers there were and how long they took."""
        taken: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for what, outcome, seconds in self.answers:
            taken[what][outcome or "answered"].append(seconds)
        return {
            what: {outcome: milliseconds(found) for outcome, found in sorted(outcomes.items())}
            for what, outcomes in sorted(taken.items())
        }


async def replay(asked: Sequence[Ask], browsers: Sequence[Browser], factor: float, began: float) -> Replayed:
    """Send everything at its time, whether or not what was asked before has been answered, and wait for all answers.

    Args:
        factor: how many times as fast as in life.
        began: the moment of second 0 of the schedule, as `perf_counter` has it.

    Raises:
        Refused: an answer was no success.
    """
    replayed = Replayed()

    async def send(ask: Ask) -> None:
        replayed.answers.append(await browsers[ask.who].ask(ask.what, ask.path, ask.change))

    async with asyncio.TaskGroup() as tasks:
        for ask in asked:
            due = began + ask.at / factor
            if (wait := due - perf_counter()) > 0:
                await asyncio.sleep(wait)
            replayed.late.append(max(0.0, perf_counter() - due))
            tasks.create_task(send(ask))
    return replayed


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile of at least one time; of fewer than a hundred the latter is close to the longest."""
    told: dict[str, float] = {"count": len(seconds)}
    for name, percent in (("p50_ms", 50), ("p99_ms", 99)):
        told[name] = round(1e3 * percentile(seconds, percent), 2)
    return told


def percentile(values: Sequence[float], percent: int) -> float:
    if len(values) == 1:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[percent - 1]
