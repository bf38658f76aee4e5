"""The way of a delivery: validate → make room → identify → de-duplicate → order → cut → derive → score → store.

A step reads what the steps before it left in `Work` and adds its own; it drops a record only with a reason. All of them
run in one transaction, so a delivery is stored whole or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import numpy as np

from roadlens.domain import from_unix_microseconds
from roadlens.storage.binary import Positions
from roadlens.storage.reads import tracks
from roadlens.storage.reads.tracks import Assignment
from roadlens.storage.writes import barrier, devices, positions, trips
from roadlens.storage.writes.barrier import Touched
from roadlens.telemetry.cut import cut as cut_fixes
from roadlens.telemetry.forgotten import leave_out_forgotten
from roadlens.telemetry.formulas import find
from roadlens.telemetry.recent import recall, remember
from roadlens.telemetry.reviewed import reviewed
from roadlens.telemetry.rules import read_rules
from roadlens.telemetry.track import Track
from roadlens.telemetry.trip import summarise
from roadlens.telemetry.validate import judge, plausible
from roadlens.telemetry.work import Driven, Work
from roadlens.telemetry.write import write

T = TypeVar("T")
Step = Callable[[Work], Awaitable[None]]

# Windows, or legs, that are worked on in one go: some 10 ms.
WITHOUT_PAUSE = 50


async def validate(work: Work) -> None:
    """Drop what no vehicle can report (impossible places and speeds, times that cannot be) and what is not kept."""
    arrived = work.batch.positions()
    kept_from = await work.partitions.kept_from(work.session, arrived, work.received_at)
    good, complaints = judge(arrived, work.batch.lines, work.received_at, kept_from)
    work.complaints += complaints
    work.good = good
    work.positions = arrived[good]


async def make_room(work: Work) -> None:
    """See to it that the months of the positions have a partition, before anything is held."""
    await work.partitions.ensure(work.session, work.positions)


async def identify(work: Work) -> None:
    """Find or make each device, register it if asked to, and hold it until the delivery is stored.

    Before anything is held it is seen by which version trips are scored; it stays that one until the end.

    What it sends of a time that is forgotten is dropped, for only here it is known which device that is.
    A device that an administrator has taken from somebody stays nobody's until an administrator gives it away.
    """
    if not len(work.positions):
        return
    claims = work.batch.claims
    seen = [claims[index] for index in np.unique(work.positions["device_id"])]
    known, standing = await devices.identify(work.session, seen)
    if standing.version != work.rules.version:
        work.rules = await read_rules(work.session)
    work.noting = standing.pending
    ids = np.array([known.get(claim.unique_id, 0) for claim in claims], dtype=np.int32)
    work.positions["device_id"] = ids[work.positions["device_id"]]
    held = sorted(known.values())
    work.held = await devices.lock(work.session, held)
    leave_out_forgotten(work)
    await _read_owners(work, held)
    if nobodys := [device_id for device_id in held if device_id not in work.owners]:
        work.unassigned = await devices.unassigned(work.session, nobodys)
    fresh = [device for device in work.unassigned if not device.by_hand] if work.register else []
    if fresh:
        work.registered = await devices.register(work.session, fresh, work.actor)
        work.unassigned = [device for device in work.unassigned if device.by_hand]
        for made in work.registered:
            work.owners[made.device_id] = [
                Assignment(made.device_id, made.driver_id, made.vehicle_id, None, None, made.category)
            ]


async def deduplicate(work: Work) -> None:
    """Store the positions that are not there yet. The same fix of a device is one row, however often it comes."""
    if not len(work.positions):
        return
    work.touched = await positions.store(work.session, work.positions)
    work.duplicates = len(work.positions) - sum(touched.added for touched in work.touched)


async def order(work: Work) -> None:
    """Get, in the order of time, the window around what is new: the trips it can change, and no more."""
    spans: dict[int, tuple[datetime | None, datetime | None]] = {
        **{span.device_id: (span.first, span.last) for span in work.touched},
        **{device.device_id: (None, None) for device in work.registered},
    }
    if spans:
        firsts, lasts = zip(*spans.values(), strict=True)
        work.windows = await tracks.windows(work.session, list(spans), firsts, lasts)
    if not work.windows:
        return
    recall(work)
    unread = [window for window in work.windows if window.device_id not in work.fixes]
    if unread:
        for window, fixes in zip(unread, await tracks.positions(work.session, unread), strict=True):
            usable = plausible(fixes)
            remember(work, window, usable)
            work.fixes[window.device_id] = usable
    work.fixes = {device_id: one_a_moment(fixes) for device_id, fixes in work.fixes.items()}


async def cut(work: Work) -> None:
    """Cut each window into legs between stops, under the assignment that held."""
    if not work.held:
        await _read_owners(work, list(work.fixes))
    async for window in _unhurried(work.windows):
        fixes = work.fixes[window.device_id]
        result = cut_fixes(work.rules.parameters, fixes, work.owners.get(window.device_id, []))
        for leg in result.legs:
            parameters = work.rules.parameters.for_class(leg.assignment.category)
            track = Track(parameters, fixes[leg.start : leg.stop])
            work.driven.append(Driven(window.unique_id, leg.assignment, track))
        if window.last is None:
            settled = None if result.settled is None else int(fixes["fix_time"][result.settled])
            work.settled[window.device_id] = None if settled is None else from_unix_microseconds(settled)


async def derive(work: Work) -> None:
    """Find each leg's safety events, and what it adds up to."""
    async for driven in _unhurried(work.driven):
        driven.found = find(driven.track, work.rules.zone)


async def score(work: Work) -> None:
    """Sum each leg up as a trip with its score, as far as no event is dismissed; too short ones end here."""
    reviews = {window.unique_id: window.reviews for window in work.windows}
    async for driven in _unhurried(work.driven):
        rules = work.rules
        rows = summarise(driven.track, driven.found, driven.unique_id, driven.assignment, rules.zone, rules.version)
        if rows is not None:
            trip, events = reviewed(rules.parameters, *rows, reviews[driven.unique_id])
            work.trips.append(trip)
            work.events += events


async def store(work: Work) -> None:
    """Write what differs from the stored trips, bring the read models and the drivers' risk scores up to date."""
    session = work.session
    if not work.windows:
        return
    await barrier.note(session, work.noting, _touched(work))
    stored = await tracks.trips(session, work.windows)
    # A trip's counts do not tell of those that are dismissed.
    told = any(trip.events for trip in stored) or any(window.reviews for window in work.windows)
    stored_events = await tracks.events(session, work.windows) if told else []
    work.changes = trips.compare(stored, work.trips, stored_events, work.events)
    await devices.settle(session, _newly_settled(work))
    if work.changes:
        await write(session, work.rules, work.changes)


STEPS: tuple[Step, ...] = (validate, make_room, identify, deduplicate, order, cut, derive, score, store)
AGAIN: tuple[Step, ...] = (order, cut, derive, score, store)


async def _unhurried(things: Iterable[T]) -> AsyncIterator[T]:
    """The same, with pauses in which others are answered: a batch may be of thousands of devices."""
    for number, thing in enumerate(things, 1):
        yield thing
        if number % WITHOUT_PAUSE == 0:
            await asyncio.sleep(0)


async def _read_owners(work: Work, device_ids: Sequence[int]) -> None:
    if device_ids:
        for assignment in await tracks.assignments(work.session, device_ids):
            work.owners.setdefault(assignment.device_id, []).append(assignment)


def _touched(work: Work) -> list[Touched]:
    """What is new of the devices that were cut: of those that have sent nothing, all."""
    spans = {span.device_id: Touched(span.device_id, span.first, span.last) for span in work.touched}
    registered = {device.device_id for device in work.registered}
    return [
        Touched(window.device_id, None, None)
        if window.device_id in registered or window.device_id not in spans
        else spans[window.device_id]
        for window in work.windows
    ]


def _newly_settled(work: Work) -> dict[int, datetime | None]:
    """What the devices' rows do not say already."""
    return {
        device_id: moment
        for device_id, moment in work.settled.items()
        if device_id not in work.held or work.held[device_id].settled_at != moment
    }


def one_a_moment(fixes: Positions) -> Positions:
    """Fixes sorted by time and digest as one a moment: the first by digest, with the alarms of all.

    A device may report a moment twice with different attributes. Which report came first must not matter.
    """
    times = fixes["fix_time"]
    apart = times[1:] != times[:-1]
    if apart.all():
        return fixes
    starts = np.flatnonzero(np.concatenate(([True], apart)))
    merged = fixes[starts]
    merged["alarms"] = np.bitwise_or.reduceat(fixes["alarms"], starts)
    return merged
