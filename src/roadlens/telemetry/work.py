"""One delivery on its way through the steps: what each step found, and what it dropped and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

import numpy as np

from roadlens.scoring.parameters import Parameters
from roadlens.storage.binary import POSITION, Positions
from roadlens.storage.database import WriteSession
from roadlens.storage.reads.tracks import Assignment, Window
from roadlens.storage.trip_rows import EventRow, TripRow
from roadlens.storage.writes.audit import Who
from roadlens.storage.writes.devices import Progress, Registered, UnassignedDevice
from roadlens.storage.writes.positions import Partitions, Touched
from roadlens.storage.writes.trips import Changes
from roadlens.telemetry.batch import Batch, Complaint, Reason
from roadlens.telemetry.formulas import Found
from roadlens.telemetry.memory import Memory
from roadlens.telemetry.track import Track
from roadlens.telemetry.validate import Bools


@dataclass(frozen=True, slots=True)
class Rules:
    """What every delivery is judged by: the active score version and the installation's time zone."""

    version: int
    parameters: Parameters
    zone: tzinfo


@dataclass(slots=True)
class Driven:
    """A leg with what was found out about it."""

    unique_id: str
    assignment: Assignment
    track: Track
    found: Found = field(default_factory=lambda: Found([], None))


@dataclass(slots=True)
class Work:
    """The steps read and fill this, from top to bottom."""

    session: WriteSession
    rules: Rules
    partitions: Partitions
    batch: Batch
    received_at: datetime
    register: bool = False
    actor: Who = "ingest"
    memory: Memory = field(default_factory=Memory)

    complaints: list[Complaint] = field(default_factory=list)
    positions: Positions = field(default_factory=lambda: np.zeros(0, dtype=POSITION))
    good: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    held: dict[int, Progress] = field(default_factory=dict)
    owners: dict[int, list[Assignment]] = field(default_factory=dict)
    registered: list[Registered] = field(default_factory=list)
    unassigned: list[UnassignedDevice] = field(default_factory=list)
    touched: list[Touched] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    fixes: dict[int, Positions] = field(default_factory=dict)
    recent: dict[int, tuple[int | None, Positions]] = field(default_factory=dict)
    driven: list[Driven] = field(default_factory=list)
    settled: dict[int, datetime | None] = field(default_factory=dict)
    trips: list[TripRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    noting: Sequence[int] = ()
    changes: Changes = field(default_factory=lambda: Changes([], [], [], []))
    duplicates: int = 0

    def dropped(self) -> Counter[Reason]:
        """How many records were dropped, by reason."""
        counts = self.batch.counts() + Counter(complaint.reason for complaint in self.complaints)
        if self.duplicates:
            counts[Reason.DUPLICATE] += self.duplicates
        return counts
