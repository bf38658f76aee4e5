"""Fills a database with the demonstration fleet: its people first, then their drives, delivered as any others are.

Everything can be done again. People whose device is there are not added again, and a position that is there is dropped
as a duplicate: so a run that was ended half-way is completed by the next one, and a run on a later day adds what has
been driven since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from roadlens.errors import Conflict
from roadlens.storage.binary import POSITION, Positions
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.reads.fleet import (
    BEGUN,
    COMPLETED,
    ENTITY,
    ENTITY_ID,
    demonstration_fleet,
    has_drivers,
    known_devices,
)
from roadlens.storage.reads.scores import active_version
from roadlens.storage.writes import audit, devices, fleet
from roadlens.storage.writes.devices import DeviceClaim
from roadlens.storage.writes.fleet import NewAssignment
from roadlens.telemetry.batch import Batch
from roadlens.telemetry.delivery import Ingest, Outcome
from roadlens.telemetry.demo.drives import Days
from roadlens.telemetry.demo.people import Member, enlist

DRIVERS, DAYS, SEED = 300, 60, 3
_ACTOR = "roadlens demo"

# A batch has whole drivers and about so many positions: large enough that its round trips do not matter.
_BATCH_POSITIONS = 25_000
# While PostgreSQL stores one batch, the steps of another can run.
_DELIVERIES_AT_ONCE = 2


class Plan(NamedTuple):
    """What identifies a fleet: its size, how far it goes back, and its seed."""

    drivers: int = DRIVERS
    days: int = DAYS
    seed: int = SEED


@dataclass(slots=True)
class Summary:
    """What a run did. `outcome` counts what was delivered; what was there before are its duplicates."""

    plan: Plan
    drivers_added: int = 0
    outcome: Outcome = field(default_factory=Outcome)


class _Reported(Batch):
    """A batch whose positions are an array already."""

    def __init__(self, claims: Sequence[DeviceClaim], positions: Positions) -> None:
        super().__init__()
        self.claims += claims
        self.lines += range(len(positions))
        self._positions = positions

    def __len__(self) -> int:
        return len(self._positions)

    def positions(self) -> Positions:
        return self._positions


async def pending(database: Database) -> Plan | None:
    """The fleet that a server has to fill in when it starts; None if there is nothing to do.

    That is a new one in a database without drivers, or the one whose filling was interrupted.
    """
    async with database.read() as session:
        begun = await demonstration_fleet(session)
        if begun is not None:
            return None if begun.complete else Plan(begun.drivers, begun.days, begun.seed)
        return None if await has_drivers(session) else Plan()


async def fill(
    database: Database,
    *,
    drivers: int = DRIVERS,
    days: int = DAYS,
    seed: int = SEED,
    until: datetime,
    progress: Callable[[float], None] | None = None,
) -> Summary:
    """Simulate the fleet and deliver it; drives that end by `until`, on the days that end with its day.

    Args:
        database: migrated.
        drivers: how many; a larger fleet contains a smaller one.
        days: calendar days in the installation's time zone, the last of them today.
        seed: another seed is another fleet.
        until: the present; no position is later.
        progress: called with the share that is done, 0 to 1.

    Raises:
        Conflict: a fleet of another seed is there, or a driver with an e-mail address, licence or id of the fleet's.
        DatabaseUnavailable: the database went away; what was delivered before stays, and `pending` says so.
    """
    plan = Plan(drivers, days, seed)
    async with database.read() as session:
        zone = ZoneInfo((await active_version(session)).timezone)
    calendar = Days.until(until, days, zone)
    first = datetime.fromtimestamp(int(calendar.midnights[0]), UTC)
    members = list(enlist(seed, drivers, first, until))
    summary = Summary(plan)

    async def add(session: WriteSession) -> int:
        return await _add_people(session, plan, members)

    summary.drivers_added = await database.retrying(add)
    await _deliver(database, _batches(members, calendar, until), summary.outcome, progress)

    async def complete(session: WriteSession) -> None:
        await _complete(session, plan)

    await database.retrying(complete)
    return summary


async def _deliver(
    database: Database,
    batches: Iterator[tuple[float, Batch]],
    outcome: Outcome,
    progress: Callable[[float], None] | None,
) -> None:
    """Deliver all batches, some at once, and count them into `outcome`."""
    ingest = await Ingest.open(database)
    drawing = asyncio.Lock()

    async def deliver_one() -> bool:
        async with drawing:
            drawn = await asyncio.to_thread(next, batches, None)
        if drawn is None:
            return False
        reached, batch = drawn
        outcome.add(await ingest.deliver(batch, actor=_ACTOR))
        if progress is not None:
            progress(reached)
        return True

    async def deliver_all() -> None:
        while await deliver_one():
            pass

    await deliver_one()  # alone: it makes the partitions of the months, for which another one would only wait
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(_DELIVERIES_AT_ONCE):
                group.create_task(deliver_all())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed


async def _add_people(session: WriteSession, plan: Plan, members: Sequence[Member]) -> int:
    """Add the members that are not there, with vehicles, devices and assignments; returns how many."""
    there = await demonstration_fleet(session)
    if there is not None and there.seed != plan.seed:
        raise Conflict(
            f"This database has the demonstration fleet of seed {there.seed}. The fleet of another seed has the same "
            f"devices elsewhere: use --seed {there.seed}, or an empty database."
        )
    known = await known_devices(session, [member.claims[0].unique_id for member in members])
    new = [member for member in members if member.claims[0].unique_id not in known]
    if not new:
        return 0
    driver_ids = await fleet.add_drivers(session, [member.driver for member in new])
    vehicle_ids = iter(await fleet.add_vehicles(session, [vehicle for member in new for vehicle in member.vehicles]))
    device_ids, _ = await devices.identify(session, [claim for member in new for claim in member.claims])
    assignments: list[NewAssignment] = []
    for member, driver_id in zip(new, driver_ids, strict=True):
        first = device_ids[member.claims[0].unique_id]
        assignments.append(NewAssignment(first, next(vehicle_ids), driver_id, None, member.moved_at))
        if member.moved_at is not None:
            assignments.append(NewAssignment(first, next(vehicle_ids), driver_id, member.moved_at, None))
        for claim in member.claims[1:]:
            second = device_ids[claim.unique_id]
            assignments.append(NewAssignment(second, next(vehicle_ids), driver_id, None, None))
    await fleet.assign(session, assignments)
    await audit.record(session, _ACTOR, BEGUN, ENTITY, ENTITY_ID, None, plan._asdict())
    return len(new)


async def _complete(session: WriteSession, plan: Plan) -> None:
    """Note that the fleet that was begun is there: once, and not if this run was a smaller one."""
    begun = await demonstration_fleet(session)
    if begun is not None and not begun.complete and plan.drivers >= begun.drivers and plan.days >= begun.days:
        await audit.record(session, _ACTOR, COMPLETED, ENTITY, ENTITY_ID, None, plan._asdict())


def _batches(members: Sequence[Member], days: Days, until: datetime) -> Iterator[tuple[float, Batch]]:
    """Whole drivers, batch by batch, each with the share of the members that have been reached, 0 to 1."""
    claims: list[DeviceClaim] = []
    parts = [np.zeros(0, dtype=POSITION)]
    for reached, member in enumerate(members, 1):
        for claim, fixes in zip(member.claims, member.motorist.drive(days, until), strict=False):
            fixes["device_id"] = len(claims)
            claims.append(claim)
            parts.append(fixes)
        if sum(map(len, parts)) >= _BATCH_POSITIONS or reached == len(members):
            yield reached / len(members), _Reported(claims, np.concatenate(parts))
            claims, parts = [], [np.zeros(0, dtype=POSITION)]
