"""Changes who drove what when: the device's trips are cut again in the same transaction, so that they go to whom they
belong. Every change of an assignment and every removal of a driver comes through here.

The locks are taken in the order in which deliveries take them: devices by id, then drivers' summaries by id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from roadlens.storage.database import WriteSession
from roadlens.storage.reads import tracks
from roadlens.storage.reads.scores import active_version
from roadlens.storage.writes import (
    assignments,
    drivers,
    edits,
    positions,
    read_models,
    rescored,
    reviews,
    scores,
    trips,
)
from roadlens.storage.writes.audit import Who
from roadlens.storage.writes.barrier import Touched
from roadlens.storage.writes.edits import Expected, Row
from roadlens.storage.writes.positions import Partitions
from roadlens.storage.writes.trips import Changes
from roadlens.telemetry.batch import Batch
from roadlens.telemetry.rules import rules_of
from roadlens.telemetry.steps import AGAIN
from roadlens.telemetry.work import Work


async def assign(session: WriteSession, who: Who, unique_id: str, values: Mapping[str, Any]) -> tuple[Row, Changes]:
    """Assign a device, and make trips of the positions that it has sent during that time.

    Args:
        session: the transaction.
        who: assigns it, for the log.
        unique_id: what the device calls itself.
        values: `driver_id`, `vehicle_id`, `valid_from` and `valid_to` (None: no bound).

    Raises:
        NotFound: there is no such device.
        InvalidInput: there is no such driver or vehicle, or the time ends before it begins.
        Conflict: the device is assigned to somebody during that time.
    """

    async def run() -> tuple[Row, Changes]:
        await assignments.serialise(session)
        device = await assignments.hold_device(session, unique_id)
        made = await assignments.insert(session, who, device, values)
        await assignments.remember_again(session, device, values)
        return made, await cut_all_again(session, [device.device_id])

    return await session.retrying(run)


async def correct(
    session: WriteSession, who: Who, assignment_id: int, values: Mapping[str, Any], expected: Expected
) -> Row:
    """Change whom or when an assignment names, and let the trips follow.

    Raises:
        NotFound: there is no such assignment.
        PreconditionFailed: it has another version than those expected.
        InvalidInput: there is no such driver or vehicle, or the time ends before it begins.
        Conflict: the device is assigned to somebody else during that time.
    """

    async def run() -> Row:
        await assignments.serialise(session)
        device, before = await assignments.hold(session, assignment_id, expected)
        after = await assignments.update(session, who, before, values)
        if after["version"] != before["version"]:
            await assignments.remember_again(session, device, after)
            await cut_all_again(session, [device.device_id])
        return after

    return await session.retrying(run)


async def remove(session: WriteSession, who: Who, assignment_id: int, expected: Expected) -> None:
    """Delete an assignment as if it had never been: its trips go, the positions stay with the device.

    Raises:
        NotFound: there is no such assignment.
        PreconditionFailed: it has another version than those expected.
    """

    async def run() -> None:
        await assignments.serialise(session)
        device, before = await assignments.hold(session, assignment_id, expected)
        await assignments.remove(session, who, before)
        await cut_all_again(session, [device.device_id])

    await session.retrying(run)


async def remove_driver(session: WriteSession, who: Who, driver_id: str, expected: Expected) -> None:
    """Delete a driver with assignments, trips, events, their reviews and scores. The positions stay with the devices.

    No track is read: a driver's trips are exactly those that end with the assignments.

    Raises:
        NotFound: there is no such driver.
        PreconditionFailed: it has another version than those expected.
    """

    async def run() -> None:
        await assignments.serialise(session)
        await assignments.hold_driver(session, driver_id)
        await read_models.lock_drivers(session, [driver_id])
        driver = await edits.hold(session, drivers.KIND, driver_id, expected, lock="UPDATE")
        gone, assigned = await take_out(session, driver_id)
        more = {"trips": gone, "assignments": [edits.shown(each) for each in assigned]}
        await edits.delete(session, who, drivers.KIND, driver, **more)

    await session.retrying(run)


async def take_out(session: WriteSession, driver_id: str) -> tuple[int, list[Row]]:
    """Take a driver who is held out of all sums, with trips, events, their reviews and scores.

    Gives how many trips went, and the assignments that did.
    """
    gone = await tracks.trips_of_driver(session, driver_id)
    await reviews.remove_of_driver(session, driver_id)
    await trips.remove_of_driver(session, driver_id)
    await scores.remove_of_driver(session, driver_id)
    await rescored.remove_of_driver(session, driver_id)
    if gone:
        await read_models.sum_up(session, gone, [])
    return len(gone), await assignments.remove_of_driver(session, driver_id)


async def cut_all_again(session: WriteSession, device_ids: Sequence[int]) -> Changes:
    """Cut all that the devices, which are held, have sent: what was nobody's may be somebody's now, or the reverse."""
    return await cut_again(session, [Touched(device_id, None, None) for device_id in device_ids])


async def cut_again(session: WriteSession, touched: Sequence[Touched]) -> Changes:
    """Cut what the devices, which are held, have sent in these times, and what may hang together with it.

    Trips whose positions have been dropped stay with whom they were.
    """
    await reviews.follow(session, [each.device_id for each in touched])
    active = await active_version(session)
    work = Work(session, rules_of(active), Partitions(), Batch(), datetime.now(UTC), noting=active.pending)
    await positions.hold(session)
    work.windows = await tracks.windows(session, *map(list, zip(*touched, strict=True)))
    for step in AGAIN:
        await step(work)
    return work.changes
