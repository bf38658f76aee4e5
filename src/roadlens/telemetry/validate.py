"""Judges positions by themselves: a place, a speed, a time that a vehicle can have? A whole batch at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from roadlens.domain import from_unix_microseconds, unix_microseconds
from roadlens.storage.binary import Positions
from roadlens.telemetry.batch import Complaint, Reason

FASTEST_KMH = 400.0  # no road vehicle in traffic is faster
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # receivers whose week counter has rolled over report 1980 or 1999
CLOCK_MAY_BE_AHEAD = timedelta(hours=1)

Bools = npt.NDArray[np.bool_]


class _Bounds(NamedTuple):
    """Unix microseconds: a good time is from `kept_from` to `latest`."""

    kept_from: int
    latest: int


class _Test(NamedTuple):
    reason: Reason
    fails: Callable[[Positions, _Bounds], Bools]
    says: Callable[[Positions, _Bounds], str]


# Of what was measured, whenever that was.
_MEASURED = (
    _Test(
        Reason.COORDINATES,
        lambda fix, _: ~((np.abs(fix["latitude"]) <= 90) & (np.abs(fix["longitude"]) <= 180)),
        lambda fix, _: (
            f"latitude {fix['latitude']:g}, longitude {fix['longitude']:g}: must be within ±90 and ±180 degrees"
        ),
    ),
    _Test(
        Reason.COORDINATES,
        lambda fix, _: (fix["latitude"] == 0) & (fix["longitude"] == 0),
        lambda *_: "latitude 0, longitude 0: a device without a fix reports this",
    ),
    _Test(
        Reason.SPEED,
        lambda fix, _: ~((fix["speed_kmh"] >= 0) & (fix["speed_kmh"] <= FASTEST_KMH)),
        lambda fix, _: f"speed {fix['speed_kmh']:.1f} km/h: must be between 0 and {FASTEST_KMH:g} km/h",
    ),
)
# In the order in which a record is told what is wrong with it: the first that fails is the reason.
_TESTS = (
    *_MEASURED,
    _Test(
        Reason.FUTURE,
        lambda fix, bounds: fix["fix_time"] > bounds.latest,
        lambda fix, _: f"time {_time(fix)} is in the future: check the device's clock",
    ),
    _Test(
        Reason.ANCIENT,
        lambda fix, _: fix["fix_time"] < unix_microseconds(EARLIEST),
        lambda fix, _: f"time {_time(fix)} is before {EARLIEST:%Y}: check the device's clock",
    ),
    _Test(
        Reason.NOT_KEPT,
        lambda fix, bounds: fix["fix_time"] < bounds.kept_from,
        lambda fix, bounds: (
            f"time {_time(fix)} is too old: positions from before "
            f"{from_unix_microseconds(bounds.kept_from).isoformat()} are no longer kept"
        ),
    ),
)


def judge(
    positions: Positions, lines: list[int], now: datetime, kept_from: datetime | None = None
) -> tuple[Bools, list[Complaint]]:
    """Which positions are good, shape (n,), and a complaint for each that is not.

    Args:
        positions: dtype `POSITION`.
        lines: where each of them stood in what was delivered.
        now: the moment of receipt.
        kept_from: positions from before then have been dropped; None: none have.
    """
    earliest = EARLIEST if kept_from is None else max(EARLIEST, kept_from)
    bounds = _Bounds(unix_microseconds(earliest), unix_microseconds(now + CLOCK_MAY_BE_AHEAD))
    good = np.ones(len(positions), dtype=np.bool_)
    complaints: list[Complaint] = []
    for test in _TESTS:
        failing = np.flatnonzero(good & test.fails(positions, bounds))
        good[failing] = False
        complaints += [Complaint(lines[row], test.reason, test.says(positions[row], bounds)) for row in failing]
    return good, sorted(complaints)


def plausible(positions: Positions) -> Positions:
    """Those of stored positions that could have been delivered.

    Whoever writes into the table by hand can leave an unknown speed or place there. It would make a whole trip's
    numbers unknown: a sum with NaN in it is NaN.
    """
    nowhen = _Bounds(0, 0)
    good = ~np.logical_or.reduce([test.fails(positions, nowhen) for test in _MEASURED])
    return positions if good.all() else positions[good]


def _time(fix: Positions) -> str:
    """The time as people write it; as a number where no calendar has it."""
    try:
        return from_unix_microseconds(int(fix["fix_time"])).isoformat()
    except OverflowError:
        return str(int(fix["fix_time"]))
