"""Windows from memory: what is remembered of a device and what has just come of it are together what is stored."""

from __future__ import annotations

import numpy as np

from roadlens.domain import unix_microseconds
from roadlens.storage.binary import Positions
from roadlens.storage.reads.tracks import Window
from roadlens.telemetry.memory import Recent
from roadlens.telemetry.work import Work


def recall(work: Work) -> None:
    """Give the delivery the fixes of those windows of which all are remembered or have just come."""
    came = _by_device(work.positions)
    for window in work.windows:
        held = work.held.get(window.device_id)
        recent = held and work.memory.find(window.device_id, held.stamp)
        first, last = _microseconds(window)
        if recent is None or not recent.covers(first):
            continue
        new = came.get(window.device_id, work.positions[:0])
        if recent.first is not None:
            new = new[new["fix_time"] >= recent.first]
        fixes = merged(recent.fixes, new)
        work.fixes[window.device_id] = between(fixes, first, last)
        work.recent[window.device_id] = (first if last is None else recent.first, fixes)


def remember(work: Work, window: Window, fixes: Positions) -> None:
    """Keep a window that was read, for the next delivery, if it reaches to the last position."""
    first, last = _microseconds(window)
    if last is None:
        work.recent[window.device_id] = (first, fixes)


def to_keep(work: Work) -> dict[int, Recent]:
    """What to remember once the delivery is committed.

    A device of which it stored nothing keeps its stamp, and what is known of it.
    """
    kept: dict[int, Recent] = {}
    for span in work.touched:
        if span.device_id in work.recent:
            first, fixes = work.recent[span.device_id]
            part = between(fixes, first, None)
            # A part of an array would hold the whole of it in memory.
            part = part if len(part) == len(fixes) else part.copy()
            kept[span.device_id] = Recent(work.held[span.device_id].stamp_after(span.added), first, part)
    return kept


def _by_device(positions: Positions) -> dict[int, Positions]:
    positions = positions[np.argsort(positions["device_id"], kind="stable")]
    ids, starts = np.unique(positions["device_id"], return_index=True)
    ends = np.append(starts[1:], len(positions))
    return {int(ids[n]): positions[starts[n] : ends[n]] for n in range(len(ids))}


def _microseconds(window: Window) -> tuple[int | None, int | None]:
    first = None if window.first is None else unix_microseconds(window.first)
    return first, None if window.last is None else unix_microseconds(window.last)


def merged(known: Positions, new: Positions) -> Positions:
    """Both together, by time and digest, each fix once; `known` is so already, `new` may be in any order and repeat."""
    if not len(new):
        return known
    if len(new) > 1:
        new = _ordered(new)
    if not len(known) or known["fix_time"][-1] < new["fix_time"][0]:
        return np.concatenate((known, new))
    return _ordered(np.concatenate((known, new)))


def between(fixes: Positions, first: int | None, last: int | None) -> Positions:
    """Those of ordered fixes from `first` to `last`, both included."""
    times = fixes["fix_time"]
    start = 0 if first is None else int(np.searchsorted(times, first, side="left"))
    stop = len(fixes) if last is None else int(np.searchsorted(times, last, side="right"))
    return fixes[start:stop]


def _ordered(fixes: Positions) -> Positions:
    fixes = fixes[np.lexsort((fixes["digest"], fixes["fix_time"]))]
    times, digests = fixes["fix_time"], fixes["digest"]
    first = np.concatenate(([True], (times[1:] != times[:-1]) | (digests[1:] != digests[:-1])))
    return fixes[first]
