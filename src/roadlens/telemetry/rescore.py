"""Brings drivers' days and risk scores up to date after their trips changed.

A score belongs to a day driven and looks back over the window that ends with it. A change on one day therefore reaches
the scores of that day and of the days driven within a window after it, and no others: whatever order trips arrive in,
each day ends with the score of the trips that are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from itertools import groupby

from roadlens.domain import first_id_at
from roadlens.scoring.risk import Exposure, risk
from roadlens.storage.database import WriteSession
from roadlens.storage.reads.scores import DrivenDay, driven_days
from roadlens.storage.trip_rows import TripRow
from roadlens.storage.writes import read_models, scores
from roadlens.storage.writes.read_models import DriverDay
from roadlens.storage.writes.scores import ScoredDay
from roadlens.telemetry.work import Rules

_SUMMED = DrivenDay._fields[2:]


async def days(session: WriteSession, rules: Rules, gone: Sequence[TripRow], put: Sequence[TripRow]) -> list[ScoredDay]:
    """Recompute the touched days of drivers and every score that looks back on them; return these, by driver and day.

    A day to which trips were only added is added to; one that has lost a trip, or a trip's old form, is added up anew.

    Args:
        session: the transaction that changed the trips; it holds the drivers.
        rules: the active score version.
        gone: trips that went, and the old form of those that changed.
        put: trips that came, and the new form of those that changed.
    """
    recomputed = {(trip.driver_id, trip.day) for trip in gone}
    driven = {(trip.driver_id, trip.day) for trip in put}
    added = [trip.trip_id for trip in put if (trip.driver_id, trip.day) not in recomputed]
    if recomputed:
        await read_models.put_driver_days(session, [_bounds(driver, day, rules.zone) for driver, day in recomputed])
    if added:
        await read_models.add_driver_days(session, added)
    if emptied := recomputed - driven:
        await scores.forget_empty(session, sorted(emptied))
    window = timedelta(days=rules.parameters.risk_window_days)
    touched = {driver: [day for _, day in group] for driver, group in _by_driver(recomputed | driven)}
    known = await driven_days(session, list(touched), [days[0] - window for days in touched.values()])
    scored: list[ScoredDay] = []
    for driver, group in groupby(known, key=lambda row: row.driver_id):
        scored += history(rules, list(group), touched[driver])
    await scores.put(session, scored, rules.version)
    return scored


def history(rules: Rules, driven: Sequence[DrivenDay], touched: Iterable[date]) -> Iterator[ScoredDay]:
    """The scores of one driver's days that a change on the touched days reaches.

    Args:
        rules: the active score version.
        driven: the driver's days in order, from a window before the first touched day on.
        touched: days whose trips changed.
    """
    window = timedelta(days=rules.parameters.risk_window_days)
    changed = sorted(touched)
    sums = [0] * len(_SUMMED)
    oldest = 0
    for row in driven:
        sums = [total + value for total, value in zip(sums, row[2:], strict=True)]
        while driven[oldest].day <= row.day - window:
            sums = [total - value for total, value in zip(sums, driven[oldest][2:], strict=True)]
            oldest += 1
        if any(day <= row.day < day + window for day in changed):
            yield _scored(rules, row, Exposure(*sums))


def _scored(rules: Rules, row: DrivenDay, exposure: Exposure) -> ScoredDay:
    result = risk(rules.parameters, exposure)
    return ScoredDay(
        driver_id=row.driver_id,
        day=row.day,
        risk_score=None if result.score is None else Decimal(f"{result.score:.2f}"),
        risk_level=None if result.level is None else result.level.value,
        distance_m=exposure.distance_m,
        factors=result.factors,
    )


def _bounds(driver: str, day: date, zone: tzinfo) -> DriverDay:
    """The ids that trips of a calendar day in the zone can have."""
    start = datetime.combine(day, time.min, zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    return DriverDay(driver, day, first_id_at(start), first_id_at(end))


def _by_driver(touched: AbstractSet[tuple[str, date]]) -> Iterator[tuple[str, Iterator[tuple[str, date]]]]:
    return groupby(sorted(touched), key=lambda pair: pair[0])
