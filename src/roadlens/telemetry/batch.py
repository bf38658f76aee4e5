"""A batch: positions as a source gave them, what their devices say of themselves, and what was dropped and why."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from roadlens.storage.binary import POSITION, Positions
from roadlens.storage.writes.devices import DeviceClaim

MAX_TEXT = 200


class Reason(StrEnum):
    """Why a record is not kept."""

    MALFORMED = "malformed"
    WRONG_TYPE = "wrong type"
    NOT_VALID = "no valid fix"
    COORDINATES = "impossible coordinates"
    SPEED = "impossible speed"
    FUTURE = "time in the future"
    ANCIENT = "time too long ago"
    NOT_KEPT = "no longer kept"
    DUPLICATE = "duplicate"
    NOT_OURS = "not ours"


class Complaint(NamedTuple):
    """One record that was dropped: where it stood, why, and in words what is wrong with it."""

    line: int
    reason: Reason
    detail: str


class Fix(NamedTuple):
    """One position as a source hands it over, in the order of `storage.binary.POSITION` after the device.

    `fix_time` is Unix time in microseconds; speeds are km/h; an unknown number is NaN.
    """

    fix_time: int
    digest: int
    latitude: float
    longitude: float
    speed_kmh: float
    course: float
    hdop: float
    speed_limit_kmh: float
    flags: int
    alarms: int


class Rejected(Exception):
    """A source's word that one record cannot be read."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Batch:
    """Grows record by record; then `positions` is one array whose `device_id` counts the `claims`.

    Args:
        shift: microseconds by which all times are moved.
    """

    def __init__(self, shift: int = 0) -> None:
        self.shift = shift
        self.claims: list[DeviceClaim] = []
        self.complaints: list[Complaint] = []
        self.lines: list[int] = []
        self._rows: list[tuple[int, ...] | tuple[float, ...]] = []
        self._index: dict[str, int] = {}

    @property
    def records(self) -> int:
        """How many records came, good or not."""
        return len(self._rows) + len(self.complaints)

    def add(self, claim: DeviceClaim, fix: Fix, line: int) -> None:
        """One position that could be read, and the line or index where it stood."""
        index = self._index.get(claim.unique_id)
        if index is None:
            index = self._index[claim.unique_id] = len(self.claims)
            self.claims.append(claim)
        self._rows.append((index, *fix))
        self.lines.append(line)

    def reject(self, line: int, reason: Reason, detail: str) -> None:
        """One record that could not be read."""
        self.complaints.append(Complaint(line, reason, detail))

    def positions(self) -> Positions:
        """The positions as an array of dtype `POSITION`; a number too great for its column becomes infinite."""
        with np.errstate(over="ignore"):
            positions = np.array(self._rows, dtype=POSITION)
        positions["fix_time"] += self.shift
        return positions

    def counts(self) -> Counter[Reason]:
        """How many records were dropped, by reason."""
        return Counter(complaint.reason for complaint in self.complaints)
