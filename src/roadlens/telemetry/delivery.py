"""Takes a batch through the steps in one transaction, and tells what became of it. The one way in for every source."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from roadlens.storage.database import Database, WriteSession
from roadlens.storage.writes.audit import Who
from roadlens.storage.writes.positions import Partitions
from roadlens.telemetry import assignments
from roadlens.telemetry.batch import Batch, Complaint, Reason
from roadlens.telemetry.memory import Memory, Recent
from roadlens.telemetry.recent import to_keep
from roadlens.telemetry.rules import read_rules
from roadlens.telemetry.steps import STEPS, Step
from roadlens.telemetry.work import Rules, Work

Compose = Callable[[WriteSession], Awaitable[Batch]]

# Gives a block for whoever wants to know what is done: `delivery` around each, and the step's name around each step.
Around = Callable[[str], AbstractContextManager[object]]


def alone(_name: str) -> AbstractContextManager[object]:
    """A block that nobody watches."""
    return nullcontext()


@dataclass(slots=True)
class Outcome:
    """What became of one or more batches. `trips` and `events` count how many more there are now."""

    kept: int = 0
    dropped: Counter[Reason] = field(default_factory=Counter)
    complaints: list[Complaint] = field(default_factory=list)
    trips: int = 0
    events: int = 0
    registered: dict[str, str] = field(default_factory=dict)
    unassigned: set[str] = field(default_factory=set)
    seconds: Counter[str] = field(default_factory=Counter)

    def add(self, other: Outcome) -> None:
        """Count another batch in. Complaints are passed on batch by batch, not collected: files may have millions."""
        self.kept += other.kept
        self.dropped += other.dropped
        self.trips += other.trips
        self.events += other.events
        self.registered |= other.registered
        self.unassigned = (self.unassigned | other.unassigned) - set(self.registered)
        self.seconds += other.seconds


class Ingest:
    """Delivers batches to one database."""

    def __init__(self, database: Database, rules: Rules, around: Around = alone) -> None:
        self._database = database
        self._around = around
        self._rules = rules
        self._partitions = Partitions()
        self._memory = Memory()

    @classmethod
    async def open(cls, database: Database, around: Around = alone) -> Self:
        """Read the rules that hold and be ready.

        Raises:
            SetupError: the database has no active score version, or one of another formula.
            DatabaseUnavailable: the database is away.
        """
        async with database.read() as session:
            return cls(database, await read_rules(session), around)

    async def deliver(self, batch: Batch, *, register: bool = False, actor: Who = "ingest") -> Outcome:
        """Store a batch and all that follows from it; when this returns, it is committed.

        Args:
            batch: positions from one source.
            register: make a vehicle and a driver for each device that has none.
            actor: who registers, for the audit log.

        Raises:
            DatabaseUnavailable: nothing was stored; the batch can be delivered again.
        """

        async def whole(_session: WriteSession) -> Batch:
            return batch

        return await self.deliver_composed(whole, register=register, actor=actor)

    async def deliver_composed(self, compose: Compose, *, register: bool = False, actor: Who = "ingest") -> Outcome:
        """As `deliver`, for a batch that `compose` makes in the transaction that stores it, anew at each attempt.

        Raises:
            DatabaseUnavailable: nothing was stored; the batch can be delivered again.
        """
        received_at = datetime.now(UTC)

        async def run(session: WriteSession) -> tuple[Outcome, dict[int, Recent], Rules]:
            batch = await compose(session)
            work = Work(session, self._rules, self._partitions, batch, received_at, register, actor, self._memory)
            outcome = await _take(STEPS, work, self._around)
            return outcome, to_keep(work), work.rules

        with self._around("delivery"):
            outcome, recent, self._rules = await self._database.retrying(run)
        self._memory.keep(recent)
        return outcome

    async def assign(
        self,
        unique_id: str,
        driver_id: str,
        vehicle_id: str,
        *,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
        actor: Who,
    ) -> Outcome:
        """Assign a device, and make trips of the positions that it has sent during that time.

        Raises:
            NotFound: there is no such device.
            InvalidInput: there is no such driver or vehicle, or the time ends before it begins.
            Conflict: the device is assigned to somebody during that time.
        """

        async def run(session: WriteSession) -> Outcome:
            values = {"driver_id": driver_id, "vehicle_id": vehicle_id, "valid_from": valid_from, "valid_to": valid_to}
            _, changes = await assignments.assign(session, actor, unique_id, values)
            return Outcome(
                trips=len(changes.put) - len(changes.gone), events=len(changes.put_events) - len(changes.gone_events)
            )

        return await self._database.retrying(run)


async def _take(steps: Sequence[Step], work: Work, around: Around) -> Outcome:
    """One step after the other, each timed."""
    seconds: Counter[str] = Counter()
    for step in steps:
        began = time.perf_counter()
        with around(step.__name__):
            await step(work)
        seconds[step.__name__] += time.perf_counter() - began  # type: ignore[assignment]  # a Counter of floats adds up
    return Outcome(
        kept=sum(touched.added for touched in work.touched),
        dropped=work.dropped(),
        complaints=sorted([*work.batch.complaints, *work.complaints]),
        trips=len(work.changes.put) - len(work.changes.gone),
        events=len(work.changes.put_events) - len(work.changes.gone_events),
        registered={device.unique_id: device.driver_id for device in work.registered},
        unassigned={device.unique_id for device in work.unassigned},
        seconds=seconds,
    )
