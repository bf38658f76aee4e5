"""Which speeding event what was driven above the limit belongs to: the metres and seconds that go when it is dismissed.

Whole numbers that add up to the trip's own, so that to take one event out and to put it back is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from roadlens.scoring.parameters import Parameters
from roadlens.telemetry.manoeuvres import speeds
from roadlens.telemetry.seconds import MM_PER_M, SECOND_US, Ints, Seconds

# First and last moment, Unix time in microseconds.
Span = tuple[int, int]


class Excess(NamedTuple):
    """The intervals of a leg above the limit, in the order of time; every array of shape (n,).

    `at_us` is when they end. Whole metres, and whole seconds (None where nobody has looked), add up to the leg's sums:
    each interval has what the rounded running sum rises by.
    """

    at_us: Ints
    metres: Ints
    seconds: Ints | None


class Share(NamedTuple):
    """What belongs to an event: whole metres, and whole seconds."""

    metres: int
    seconds: int | None


NO_EXCESS = Excess(*(np.zeros(0, dtype=np.int64) for _ in range(3)))


def excess_of(parameters: Parameters, rows: Seconds) -> Excess:
    """What the rows of a leg drive above the limit that holds."""
    which = speeds(parameters, rows)
    lasted_us = np.diff(rows.at_us, prepend=rows.at_us[:1])
    return excess(rows.at_us[which], rows.step_mm[which], lasted_us[which])


def excess(at_us: Ints, step_mm: Ints, lasted_us: Ints) -> Excess:
    """The same of intervals by when they end, what was driven in them, and how long they lasted."""
    return Excess(at_us, _whole(step_mm, MM_PER_M), _whole(lasted_us, SECOND_US))


def shares(over: Excess, spans: Sequence[Span], groups: Sequence[Span], margin_us: int) -> list[Share]:
    """What belongs to each speeding event of a leg.

    An interval belongs to an event that it lies within the margin of, or within the margin of positions that the event
    stands for; of several to the nearest, of equally near ones to the earlier. Many belong to none.

    Args:
        over: the intervals.
        spans: first and last moment of each event, in the order of time.
        groups: the same of the stretches that are one event; a device's event stands for those within the margin.
        margin_us: how far apart two signs may be and still be one event.
    """
    if not spans or not len(over.at_us):
        return [Share(0, None if over.seconds is None else 0) for _ in spans]
    away = np.stack([_away(over.at_us, span) for span in spans])
    reached = away <= margin_us
    for place, (first, last) in enumerate(spans):
        for group in groups:
            if first - margin_us <= group[1] and group[0] <= last + margin_us:
                reached[place] |= _away(over.at_us, group) <= margin_us
    owner = np.argmin(np.where(reached, away, np.iinfo(np.int64).max), axis=0)
    owner[~reached.any(axis=0)] = -1
    return [
        Share(int(over.metres[mine].sum()), None if over.seconds is None else int(over.seconds[mine].sum()))
        for mine in (owner == place for place in range(len(spans)))
    ]


def _away(at_us: Ints, span: Span) -> Ints:
    """How far each moment is from a span of time; 0 inside."""
    return np.maximum(0, np.maximum(span[0] - at_us, at_us - span[1]))


def _whole(amounts: Ints, unit: int) -> Ints:
    return np.diff((np.cumsum(amounts) + unit // 2) // unit, prepend=0)
