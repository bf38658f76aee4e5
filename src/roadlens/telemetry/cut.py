"""Cuts one device's ordered positions into legs, the raw form of trips. Knows time, speed, ignition; no distance.

The cut is a property of the set of positions, not of the order in which they came: every rule looks only at
neighbouring fixes or at a whole run of them, so a window that begins and ends with a leg gives the legs that the whole
history would give.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from roadlens.domain import unix_microseconds
from roadlens.scoring.parameters import Parameters
from roadlens.storage.binary import IGNITION_KNOWN, IGNITION_ON, Positions
from roadlens.storage.reads.tracks import Assignment

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class Leg(NamedTuple):
    """A stretch of fixes [start, stop) between two stops, driven under one assignment."""

    start: int
    stop: int
    assignment: Assignment


class Cut(NamedTuple):
    """`settled` is the index of a standing fix after which nothing earlier matters any more, or None."""

    legs: list[Leg]
    settled: int | None
    unassigned: int


def cut(parameters: Parameters, fixes: Positions, assignments: Sequence[Assignment]) -> Cut:
    """Cut fixes (ordered by time, one a moment) into legs.

    A leg ends where the vehicle stands long enough (how long depends on what is known of the ignition), where the
    device falls silent, or where the device is handed to somebody else. It begins with the last standing fix before it
    moves and ends with the first one after.

    Args:
        parameters: thresholds.
        fixes: dtype `POSITION`, strictly increasing `fix_time`.
        assignments: the device's, ordered by time.

    Returns:
        The legs, the settled fix, and how many fixes fell outside every assignment.
    """
    if not len(fixes):
        return Cut([], None, 0)
    owner = _owners(fixes["fix_time"], assignments)
    standing = fixes["speed_kmh"] < parameters.standing_below_kmh
    block = np.cumsum(np.concatenate(([False], _silences(parameters, fixes, standing) | (owner[1:] != owner[:-1]))))
    starts, stops = _moving_runs(parameters, fixes, standing, block)
    legs: list[Leg] = []
    first: int | None = None
    for index, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        if first is None:
            first = start
        last = index + 1 == len(starts)
        if not last and block[starts[index + 1]] == block[start]:
            following = starts[index + 1]
            if not _is_stop(parameters, fixes, stop, following):
                continue
        if owner[first] >= 0:
            begin = first - 1 if first > 0 and block[first - 1] == block[first] else first
            end = stop + 1 if stop < len(fixes) and block[stop] == block[first] else stop
            legs.append(Leg(int(begin), int(end), assignments[owner[first]]))
        first = None
    after = stops[-1] if len(stops) else 0
    return Cut(legs, _settled(parameters, fixes, standing, block, after), int((owner < 0).sum()))


def _owners(times: Ints, assignments: Sequence[Assignment]) -> Ints:
    """For each fix the index of the assignment that holds then, or -1."""
    owner = np.full(len(times), -1, dtype=np.int64)
    for index, assignment in enumerate(assignments):
        holds = np.ones(len(times), dtype=np.bool_)
        if assignment.valid_from is not None:
            holds &= times >= unix_microseconds(assignment.valid_from)
        if assignment.valid_to is not None:
            holds &= times < unix_microseconds(assignment.valid_to)
        owner[holds] = index
    return owner


def _silences(parameters: Parameters, fixes: Positions, standing: Bools) -> Bools:
    """After which fixes the device was silent for too long. A standing one may have gone to sleep: less is too long."""
    times = fixes["fix_time"]
    seconds = (times[1:] - times[:-1]) / 1e6
    return np.asarray(seconds >= np.where(standing[:-1], parameters.silence_standing_s, parameters.silence_moving_s))


def _moving_runs(parameters: Parameters, fixes: Positions, standing: Bools, block: Ints) -> tuple[list[int], list[int]]:
    """The runs [start, stop) of moving fixes, without blips: a parked receiver's position wanders for a few seconds."""
    edge = np.flatnonzero(np.concatenate(([True], (standing[1:] != standing[:-1]) | (block[1:] != block[:-1]))))
    ends = np.append(edge[1:], len(fixes))
    moving = ~standing[edge]
    edge, ends = edge[moving], ends[moving]
    if not len(edge):
        return [], []
    # reduceat needs increasing indices: the fixes between two moving runs are standing and never the fastest.
    fastest = np.maximum.reduceat(fixes["speed_kmh"], edge)
    lasted = (fixes["fix_time"][ends - 1] - fixes["fix_time"][edge]) / 1e6
    real = (fastest >= parameters.blip_below_kmh) | (lasted >= parameters.blip_shorter_than_s)
    return edge[real].tolist(), ends[real].tolist()


def _is_stop(parameters: Parameters, fixes: Positions, start: int, stop: int) -> bool:
    """Whether the standing fixes [start, stop) last long enough to end a leg."""
    if stop - start < 2:
        return False
    known = (fixes["flags"][start:stop] & IGNITION_KNOWN) != 0
    on = (fixes["flags"][start:stop] & IGNITION_ON) != 0
    if (known & ~on).any():
        enough = parameters.stop_ignition_off_s
    elif known.all():
        enough = parameters.stop_ignition_on_s
    else:
        enough = parameters.stop_ignition_unknown_s
    return bool(fixes["fix_time"][stop - 1] - fixes["fix_time"][start] >= enough * 1e6)


def _settled(parameters: Parameters, fixes: Positions, standing: Bools, block: Ints, after: int) -> int | None:
    """The last standing fix, if by then the vehicle had stopped for good: stood long enough, or been silent since.

    Args:
        after: index of the first fix after the last moving run; 0 without one.
    """
    tail = np.flatnonzero(standing[after:])
    if not len(tail):
        return None
    last = after + int(tail[-1])
    if after == 0 or block[last] != block[after - 1] or _is_stop(parameters, fixes, after, last + 1):
        return last
    return None
