"""Switches to a version that history has been scored by: all of it in one transaction, with what has come meanwhile.

1. The barrier is closed: who was writing trips has ended, who comes later waits and will see the new version.
2. Trips, events and drivers' scores are taken over as the rebuild has left them, and every sum is made anew.
3. Trips that have changed since, or have come, are cut again by the new version, as after any edit.
Whoever is interrupted has changed nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final, NamedTuple
from uuid import UUID

from roadlens.domain import EVENT_TYPES
from roadlens.errors import Conflict
from roadlens.scoring.trip import trip_score
from roadlens.storage import one_rebuild
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.reads import score_versions as versions
from roadlens.storage.reads.scores import driven_days
from roadlens.storage.writes import (
    audit,
    barrier,
    positions,
    recompute,
    rescored,
    score_versions,
    scores,
    switching,
)
from roadlens.storage.writes.audit import Who
from roadlens.storage.writes.barrier import InTheWay
from roadlens.storage.writes.scores import ScoredDay
from roadlens.storage.writes.switching import Left
from roadlens.telemetry.assignments import cut_again
from roadlens.telemetry.rescore import history
from roadlens.telemetry.rules import read_rules
from roadlens.telemetry.work import Rules

# Seconds for which writers of trips are waited for, and newcomers kept waiting, at each attempt; and between two.
PATIENCE_S: Final = (1.0, 2.0, 4.0, 8.0)
PAUSE_S: Final = 2.0

_DRIVERS_AT_ONCE = 1000
_TRIPS_AT_ONCE = 10_000
_DEVICES_AT_ONCE = 50
_EVER = date(1970, 1, 1)

Progress = Callable[[str], None]


class Switched(NamedTuple):
    """What was done: the version that scored before, trips taken over, trips with a new score over their old events,
    and devices whose latest trips were cut again."""

    before: int
    trips: int
    kept: int
    devices: int


def silent(_doing: str) -> None:
    """Nobody watches."""


async def switch(
    database: Database,
    version: int,
    *,
    actor: Who,
    progress: Progress = silent,
    patience_s: Sequence[float] = PATIENCE_S,
    pause_s: float = PAUSE_S,
) -> Switched:
    """Let a version score from now on, and all history be as it would be had it always scored.

    Args:
        database: migrated.
        version: history has been scored by it.
        actor: who switches, for the log.
        progress: is told what is being done.
        patience_s: seconds to wait for writers of trips, attempt by attempt.
        pause_s: seconds between two attempts, in which nobody waits.

    Raises:
        NotFound: there is no such version.
        Conflict: it is active already, or history has not been scored by it to the end.
        Overloaded: somebody was writing trips all the time. Nothing was changed.
        DatabaseUnavailable: the database is away. Nothing was changed.
    """
    for patience in patience_s:

        async def run(session: WriteSession, patience: float = patience) -> Switched:
            return await _switch(session, version, actor, progress, patience)

        try:
            done = await database.retrying(run)
        except InTheWay:
            progress("Waiting for somebody who writes trips")
            await asyncio.sleep(pause_s)
        else:
            progress("Removing what was beside")
            await _sweep(database, version)
            return done
    async with database.read() as session:
        raise await barrier.in_the_way(session)


async def forget(
    database: Database, version: int, *, actor: Who, patience_s: Sequence[float] = PATIENCE_S, pause_s: float = PAUSE_S
) -> int:
    """Remove what a version has made of history, so that it is a draft again; gives how many trips it had scored.

    Raises:
        NotFound: there is no such version.
        Conflict: it is active, being rebuilt at this moment, or there is nothing to forget.
        Overloaded: somebody was writing trips all the time. Nothing was changed.
    """
    for patience in patience_s:

        async def run(session: WriteSession, patience: float = patience) -> int:
            await barrier.close(session, patience)
            found, _ = await versions.with_active(session, version)
            if found.state not in ("rebuilding", "ready"):
                raise Conflict(f"Version {version} {found.stands}: there is nothing beside what is live to forget.")
            if await one_rebuild.held(session, version):
                raise Conflict(
                    f"A command is rebuilding version {version} at this moment. End it with Ctrl-C, or wait."
                )
            trips = await rescored.forget(session, version)
            told = {"state": found.state, "trips": trips}
            await audit.record(session, actor, "forget", "score_version", str(version), told, None)
            return trips

        try:
            return await database.retrying(run)
        except InTheWay:
            await asyncio.sleep(pause_s)
    async with database.read() as session:
        raise await barrier.in_the_way(session)


async def _switch(session: WriteSession, version: int, actor: Who, progress: Progress, patience_s: float) -> Switched:
    await switching.prepare(session)
    await positions.hold(session)
    await barrier.close(session, patience_s)
    await _check(session, version)
    progress("Taking trips and events over; deliveries wait")
    before = await score_versions.make_active(session, version)
    rules = await read_rules(session)
    taken = await switching.take_trips(session, version)
    otherwise = await switching.different_drivers(session, version)
    kept = await _rate_left(session, rules)
    progress("Taking scores over")
    await switching.sum_days(session)
    await switching.take_risk(session, version, otherwise)
    await _score_otherwise(session, rules, otherwise)
    progress("Adding up")
    await recompute.summaries_and_totals(session)
    touched = await switching.noted(session, version)
    for start in range(0, len(touched), _DEVICES_AT_ONCE):
        progress(f"Cutting again what has come meanwhile: device {start + 1:,} of {len(touched):,}")
        await cut_again(session, touched[start : start + _DEVICES_AT_ONCE])
    done = Switched(before, taken, kept, len(touched))
    after = {"active": version, "trips": taken, "kept_trips": kept, "devices": len(touched)}
    await audit.record(session, actor, "switch", "score_version", str(version), {"active": before}, after)
    return done


async def _check(session: WriteSession, version: int) -> None:
    if (await versions.scored(session, version)).state == "active":
        raise Conflict(f"Version {version} is the active one already.")


async def _rate_left(session: WriteSession, rules: Rules) -> int:
    """Give trips that the rebuild has not scored, or not as they are now, a score over the events that they have."""
    rated, after = 0, UUID(int=0)
    while trips := await switching.left(session, rules.version, after, _TRIPS_AT_ONCE):
        await switching.rate(session, rules.version, [(trip.trip_id, _score(rules, trip)) for trip in trips])
        rated, after = rated + len(trips), trips[-1].trip_id
    return rated


def _score(rules: Rules, trip: Left) -> Decimal:
    counts = dict(zip(EVENT_TYPES, trip.counts, strict=True))
    score = trip_score(rules.parameters, distance_m=trip.distance_m, speeding_m=trip.speeding_m, counts=counts)
    return Decimal(f"{score:.2f}")


async def _score_otherwise(session: WriteSession, rules: Rules, drivers: Sequence[str]) -> None:
    """Score drivers whose days are not those that the rebuild has seen."""
    for start in range(0, len(drivers), _DRIVERS_AT_ONCE):
        portion = drivers[start : start + _DRIVERS_AT_ONCE]
        driven = await driven_days(session, portion, [_EVER] * len(portion))
        scored: list[ScoredDay] = []
        for _, group in groupby(driven, key=lambda row: row.driver_id):
            days = list(group)
            scored += history(rules, days, {row.day for row in days})
        await scores.put(session, scored, rules.version)


async def _sweep(database: Database, version: int) -> None:
    """What was taken over is needed no more. Whoever is interrupted leaves it to the next rebuild of that version."""
    async with database.write() as session:
        await rescored.remove_of_version(session, version)
