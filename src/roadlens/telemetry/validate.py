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


class _Test(NamedTuple):
    reason: Reason
    fails: Callable[[Positions, int], Bools]
    says: Callable[[Positions], str]


# In the order in which a record is told what is wrong with it: the first that fails is the reason.
_TESTS = (
    _Test(
        Reason.COORDINATES,
        lambda fix, _: ~((np.abs(fix["latitude"]) <= 90) & (np.abs(fix["longitude"]) <= 180)),
        lambda fix: (
            f"latitude {fix['latitude']:g}, longitude {fix['longitude']:g}: must be within ±90 and ±180 degrees"
        ),
    ),
    _Test(
        Reason.COORDINATES,
        lambda fix, _: (fix["latitude"] == 0) & (fix["longitude"] == 0),
        lambda _: "latitude 0, longitude 0: a device without a fix reports this",
    ),
    _Test(
        Reason.SPEED,
        lambda fix, _: ~((fix["speed_kmh"] >= 0) & (fix["speed_kmh"] <= FASTEST_KMH)),
        lambda fix: f"speed {fix['speed_kmh']:.1f} km/h: must be between 0 and {FASTEST_KMH:g} km/h",
    ),
    _Test(
        Reason.FUTURE,
        lambda fix, now: fix["fix_time"] > now + CLOCK_MAY_BE_AHEAD // timedelta(microseconds=1),
        lambda fix: f"time {_time(fix)} is in the future: check the device's clock",
    ),
    _Test(
        Reason.ANCIENT,
        lambda fix, _: fix["fix_time"] < unix_microseconds(EARLIEST),
        lambda fix: f"time {_time(fix)} is before {EARLIEST:%Y}: check the device's clock",
    ),
)


def judge(positions: Positions, lines: list[int], now: datetime) -> tuple[Bools, list[Complaint]]:
    """Which positions are good, shape (n,), and a complaint for each that is not.

    Args:
        positions: dtype `POSITION`.
        lines: where each of them stood in what was delivered.
        now: the moment of receipt.
    """
    good = np.ones(len(positions), dtype=np.bool_)
    complaints: list[Complaint] = []
    for test in _TESTS:
        failing = np.flatnonzero(good & test.fails(positions, unix_microseconds(now)))
        good[failing] = False
        complaints += [Complaint(lines[row], test.reason, test.says(positions[row])) for row in failing]
    return good, sorted(complaints)


def _time(fix: Positions) -> str:
    """The time as people write it; as a number where no calendar has it."""
    try:
        return from_unix_microseconds(int(fix["fix_time"])).isoformat()
    except OverflowError:
        return str(int(fix["fix_time"]))
