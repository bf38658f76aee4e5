"""Fills a database with a generated portfolio, in one transaction: it is there whole or not at all.

Trips and events are written as they are, without positions, so that ten million of them take minutes. What is summed up
from them comes from the same statements that `doctor` compares with, and scores from the same arithmetic as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice
from typing import NamedTuple, TypeVar

import numpy as np

from roadlens.errors import Conflict
from roadlens.storage.columns import Copy, rows_for
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.reads import fleet as known
from roadlens.storage.reads import scores as read_scores
from roadlens.storage.reads.fleet import GeneratedPortfolio
from roadlens.storage.reads.scores import DrivenDay
from roadlens.storage.writes import audit, bulk, devices, fleet, recompute, scores
from roadlens.storage.writes.fleet import NewAssignment
from roadlens.storage.writes.scores import ScoredDay
from roadlens.telemetry.demo.drives import Days
from roadlens.telemetry.generated.drives import Keys, drive
from roadlens.telemetry.generated.people import people
from roadlens.telemetry.generated.traits import DAYS, Plan, Traits, draw
from roadlens.telemetry.rescore import history
from roadlens.telemetry.rules import read_rules
from roadlens.telemetry.work import Rules

T = TypeVar("T")
Progress = Callable[[str, float], None]

_ACTOR = "roadlens bench generate"
_TRIPS = ("trips", "safety_events")
_PEOPLE = ("drivers", "vehicles", "devices", "device_assignments", "device_progress")
_PEOPLE_AT_ONCE = 5000
_SCORED_AT_ONCE = 2000
_EVER = date(1970, 1, 1)


class Generated(NamedTuple):
    """What is there. `last_day` is the day of the newest trips; `new` is False if all of it was there before."""

    trips: int
    events: int
    last_day: date
    new: bool


async def generate(database: Database, plan: Plan, *, now: datetime, progress: Progress) -> Generated:
    """Fill in the portfolio; one that is there already stays.

    Args:
        database: migrated, without trips.
        plan: on the same day, the same plan gives the same rows.
        now: the `DAYS` calendar days that are driven end with the one before.
        progress: called with what is being done and the share of it that is done, 0 to 1.

    Raises:
        Conflict: there are trips already, or a driver with an e-mail address or licence of the portfolio's.
        DatabaseUnavailable: the database went away; nothing was changed.
    """
    async with database.write() as session:
        await bulk.hold(session, _TRIPS)  # what comes in while it is looked for would be lost
        there = await known.generated_portfolio(session)
        if await known.has_trips(session):
            return _same(there, plan)
        rules = await read_rules(session)
        days = Days.until(now - timedelta(days=1), DAYS, rules.zone)
        last_day = date.fromordinal(int(days.ordinals[-1]))
        traits = await asyncio.to_thread(draw, plan, days)
        keys = await _add_people(session, plan, traits, days, progress)
        async with bulk.unindexed(session, _TRIPS):
            events = await _add_trips(session, plan, traits, keys, days, rules, progress)
            progress("Making indexes", 0)
        await bulk.analyse(session, _PEOPLE)
        await _sum_up(session, rules, progress)
        portfolio = GeneratedPortfolio(**plan._asdict(), events=events, last_day=last_day)
        await audit.record(
            session, _ACTOR, known.COMPLETED, known.ENTITY, known.GENERATED_ID, None, portfolio._asdict()
        )
    return Generated(plan.drivers * plan.trips_per_driver, events, last_day, new=True)


def _same(there: GeneratedPortfolio | None, plan: Plan) -> Generated:
    if there is None:
        raise Conflict(
            "This database has trips already, and generated ones are not mixed with others: name one without, "
            "for example by ROADLENS_DATA_DIR=bench-data."
        )
    if Plan(there.drivers, there.trips_per_driver, there.seed) != plan:
        raise Conflict(
            f"This database has a generated portfolio of {there.drivers} drivers with {there.trips_per_driver} trips "
            f"each and seed {there.seed}: name another one, for example by ROADLENS_DATA_DIR=bench-data."
        )
    return Generated(there.drivers * there.trips_per_driver, there.events, there.last_day, new=False)


async def _add_people(session: WriteSession, plan: Plan, traits: Traits, days: Days, progress: Progress) -> Keys:
    """Add drivers, vehicles, devices and assignments, and return the ids under which they are stored."""
    midnights = [datetime.fromtimestamp(int(second), UTC) for second in days.midnights]
    moved = [midnights[day] if day < DAYS else None for day in traits.moved_on.tolist()]
    driver_ids: list[str] = []
    device_ids: list[tuple[int, int]] = []
    vehicle_ids: list[tuple[str, str]] = []
    for portion in _portions(people(plan, traits, midnights[0]), _PEOPLE_AT_ONCE):
        progress("Adding drivers", len(driver_ids) / plan.drivers)
        added = await fleet.add_drivers(session, [person.driver for person in portion])
        vehicles = iter(await fleet.add_vehicles(session, [one for person in portion for one in person.vehicles]))
        made, _ = await devices.identify(session, [claim for person in portion for claim in person.claims])
        assignments: list[NewAssignment] = []
        for driver_id, person in zip(added, portion, strict=True):
            theirs = tuple(islice(vehicles, len(person.vehicles)))
            reporting = tuple(made[claim.unique_id] for claim in person.claims)
            assignments += _assignments(driver_id, theirs, reporting, moved[len(driver_ids)])
            driver_ids.append(driver_id)
            vehicle_ids.append((theirs[0], theirs[-1]))
            device_ids.append((reporting[0], reporting[-1]))
        await fleet.assign(session, assignments)
    return Keys(
        driver_id=np.array(driver_ids, dtype="S"),
        device_id=np.array(device_ids, dtype="i4"),
        vehicle_id=np.array(vehicle_ids, dtype="S"),
    )


def _assignments(
    driver_id: str, vehicles: Sequence[str], reporting: Sequence[int], moved_at: datetime | None
) -> Iterator[NewAssignment]:
    yield NewAssignment(reporting[0], vehicles[0], driver_id, None, moved_at)
    if moved_at is not None:
        yield NewAssignment(reporting[0], vehicles[-1], driver_id, moved_at, None)
    for device_id, vehicle_id in zip(reporting[1:], vehicles[1:], strict=False):
        yield NewAssignment(device_id, vehicle_id, driver_id, None, None)


async def _add_trips(
    session: WriteSession, plan: Plan, traits: Traits, keys: Keys, days: Days, rules: Rules, progress: Progress
) -> int:
    """Write the trips and events day by day, as they would have come, and return how many events there are."""
    events = 0

    def rows(day: int) -> tuple[int, list[Copy]]:
        driven = drive(plan, traits, keys, days, day, rules)
        tables = (("trips", driven.trips), ("safety_events", driven.events))
        return len(driven.events["event_id"]), [rows_for(name, found, frozen=True) for name, found in tables]

    async def write(copies: list[Copy]) -> None:
        for copy in copies:
            await session.copy_in(*copy)

    drawn = await asyncio.to_thread(rows, 0)
    for day in range(DAYS):
        progress("Driving", day / DAYS)
        events += drawn[0]
        # While PostgreSQL stores one day, the next one is drawn.
        tomorrow = asyncio.to_thread(rows, min(day + 1, DAYS - 1))
        drawn, _ = await asyncio.gather(tomorrow, write(drawn[1]))
    return events


async def _sum_up(session: WriteSession, rules: Rules, progress: Progress) -> None:
    progress("Adding up days", 0)
    async with bulk.unindexed(session, ("driver_day",)):
        await recompute.driver_days(session)
    await _score(session, rules, progress)
    progress("Adding up drivers and totals", 0)
    await recompute.summaries_and_totals(session)


async def _score(session: WriteSession, rules: Rules, progress: Progress) -> None:
    """Give every driver the risk score of every driven day; one portion is stored while the next one is computed."""
    after, done, count = "", 0, int(await session.value("SELECT count(*) FROM drivers"))
    scored: list[ScoredDay] = []
    while drivers := await read_scores.drivers_after(session, after, _SCORED_AT_ONCE):
        progress("Scoring", done / count)
        driven = await read_scores.driven_days(session, drivers, [_EVER] * len(drivers))
        computing = asyncio.to_thread(_scored, rules, driven)
        scored, _ = await asyncio.gather(computing, scores.put(session, scored, rules.version))
        after, done = drivers[-1], done + len(drivers)
    await scores.put(session, scored, rules.version)


def _scored(rules: Rules, driven: Sequence[DrivenDay]) -> list[ScoredDay]:
    return [
        scored
        for _, group in groupby(driven, key=lambda row: row.driver_id)
        for days in (list(group),)
        for scored in history(rules, days, [row.day for row in days])
    ]


def _portions(drawn: Iterator[T], size: int) -> Iterator[list[T]]:
    while portion := list(islice(drawn, size)):
        yield portion
