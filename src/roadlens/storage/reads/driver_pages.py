"""The list of drivers: its orders, each walking an index of its own, its filters, and its total, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from roadlens.domain import LOW_UP_TO, MEDIUM_UP_TO, RiskLevel
from roadlens.storage.database import ReadSession
from roadlens.storage.reads.drivers import COLUMNS, SUMMARY_COLUMNS, DriverRow, VehicleInUse

# Counting all matches of a search could take longer than finding a page of them.
COUNTED_UP_TO = 1000


class DriverSort(StrEnum):
    DRIVER_ID = "driver_id"
    NAME = "name"
    RISK = "risk"
    LAST_TRIP = "last_trip"
    CREATED = "created"


@dataclass(frozen=True, slots=True)
class _Key:
    """What a list is sorted by: the columns of one index, with their types for comparing a cursor's text with them.

    `tables` begins with the index's table. The other is joined by its key, so PostgreSQL leaves it out if no filter
    asks for it.
    """

    columns: tuple[tuple[str, str], ...]
    tables: str
    descending: bool


_DRIVERS_FIRST = "drivers AS driver LEFT JOIN driver_summary AS summary USING (driver_id)"
_SUMMARY_FIRST = "driver_summary AS summary LEFT JOIN drivers AS driver USING (driver_id)"

# Each is an index, expression for expression. A missing score or trip sorts lowest.
_KEYS = {
    DriverSort.DRIVER_ID: _Key((("driver.driver_id", "text"),), _DRIVERS_FIRST, descending=False),
    DriverSort.NAME: _Key(
        (("lower(driver.last_name)", "text"), ("lower(driver.first_name)", "text"), ("driver.driver_id", "text")),
        _DRIVERS_FIRST,
        descending=False,
    ),
    DriverSort.RISK: _Key(
        (("coalesce(summary.risk_score, -1)", "numeric"), ("summary.driver_id", "text")),
        _SUMMARY_FIRST,
        descending=True,
    ),
    DriverSort.LAST_TRIP: _Key(
        (("coalesce(summary.last_trip_at, '-infinity')", "timestamptz"), ("summary.driver_id", "text")),
        _SUMMARY_FIRST,
        descending=True,
    ),
    DriverSort.CREATED: _Key(
        (("driver.created_at", "timestamptz"), ("driver.driver_id", "text")), _DRIVERS_FIRST, descending=True
    ),
}

# The buckets of `risk_histogram` that make a level: above the first, up to the second.
_BOUNDS = {
    RiskLevel.LOW: (-1, LOW_UP_TO),
    RiskLevel.MEDIUM: (LOW_UP_TO, MEDIUM_UP_TO),
    RiskLevel.HIGH: (MEDIUM_UP_TO, 100),
}

_SEARCHED = """
lower(driver.driver_id || ' ' || driver.first_name || ' ' || driver.last_name || ' ' || coalesce(driver.email, ''))
    LIKE lower(:pattern)
"""

# The vehicle of the assignment that holds now; the newest, should a driver have several devices. Asked for as a range,
# it may be looked for among all that hold now, in the index that forbids overlaps: those are as many as drivers.
_CURRENT_VEHICLE = """
SELECT vehicle.vehicle_id, vehicle.name, make, model, model_year, plate
FROM device_assignments AS assignment JOIN vehicles AS vehicle USING (vehicle_id)
WHERE assignment.driver_id = page.driver_id
    AND (valid_from IS NULL OR valid_from <= now()) AND (valid_to IS NULL OR valid_to > now())
ORDER BY valid_from DESC NULLS LAST, assignment_id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDriver(DriverRow):
    """`position` is where it stands in the list's order: what a cursor holds."""

    vehicle: VehicleInUse | None
    position: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverQuery:
    """Which drivers, in which order, from where: after `position`, or else leaving `skip` out."""

    search: str | None = None
    risk_level: RiskLevel | None = None
    sort: DriverSort = DriverSort.DRIVER_ID
    descending: bool | None = None
    skip: int = 0
    position: Sequence[str] | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class DriverPageRows:
    """`total` counts all matches, not only the page; it is capped where counting would cost too much."""

    total: int
    total_capped: bool
    drivers: list[ListedDriver]


async def page(session: ReadSession, query: DriverQuery) -> DriverPageRows:
    """A page and the total, in one statement."""
    totals: list[int] = []

    def row(total: int, vehicle: Any, driver_id: str | None, **columns: Any) -> ListedDriver | None:
        totals.append(total)
        if driver_id is None:
            return None
        return ListedDriver(driver_id=driver_id, vehicle=msgspec.convert(vehicle, VehicleInUse | None), **columns)

    # How rare what is searched for is decides whether to walk the order or to sort what was found.
    filtered = query.search is not None or query.risk_level is not None
    rows = await session.rows(_page_statement(query), row, _page_params(query), anew=filtered)
    total = totals[0]
    capped = query.search is not None and total > COUNTED_UP_TO
    return DriverPageRows(min(total, COUNTED_UP_TO) if capped else total, capped, [row for row in rows if row])


def _page_statement(query: DriverQuery) -> str:
    """Only text of this module goes into the statement; what was asked for travels beside it."""
    key = _KEYS[query.sort]
    descending = key.descending if query.descending is None else query.descending
    direction = "DESC" if descending else "ASC"
    order = ", ".join(f"{column} {direction}" for column, _ in key.columns)
    conditions = _conditions(query)
    from_here = conditions + _after(query, key, descending)
    named = {f"key_{place}": column for place, (column, _) in enumerate(key.columns)}
    # What is skipped is walked over and nothing else: place and position are made of the page alone.
    return f"""
WITH total AS (SELECT {_total(query, conditions)} AS total), page AS MATERIALIZED (
    SELECT {[*named][-1]} AS driver_id,
        row_number() OVER (ORDER BY {", ".join(f"{name} {direction}" for name in named)}) AS place,
        ARRAY[{", ".join(f"cast({name} AS text)" for name in named)}] AS position
    FROM (
        SELECT {", ".join(f"{column} AS {name}" for name, column in named.items())}
        FROM {key.tables} WHERE {_all(from_here)}
        ORDER BY {order} OFFSET :skip LIMIT :limit
    ) AS cut
)
SELECT total, position, vehicle, {COLUMNS}, {SUMMARY_COLUMNS}
FROM total LEFT JOIN (
    page JOIN drivers USING (driver_id) JOIN driver_summary USING (driver_id)
    LEFT JOIN LATERAL (SELECT to_json(used) AS vehicle FROM ({_CURRENT_VEHICLE}) AS used) AS driven ON true
) ON true
ORDER BY place
"""


def _conditions(query: DriverQuery) -> list[str]:
    conditions = []
    if query.search is not None:
        conditions.append(_SEARCHED)
    if query.risk_level is not None and query.sort is DriverSort.RISK:
        # A stretch of the index. With the level beside it PostgreSQL would take both for rare together, and sort.
        column = _KEYS[DriverSort.RISK].columns[0][0]
        above, up_to = _BOUNDS[query.risk_level]
        conditions.append(f"{column} > {above} AND {column} <= {up_to}")
    elif query.risk_level is not None:
        conditions.append("summary.risk_level = :risk_level")
    return conditions


def _after(query: DriverQuery, key: _Key, descending: bool) -> list[str]:
    if query.position is None:
        return []
    columns = ", ".join(column for column, _ in key.columns)
    values = ", ".join(f"cast(:position_{place} AS {kind})" for place, (_, kind) in enumerate(key.columns))
    return [f"({columns}) {'<' if descending else '>'} ({values})"]


def _total(query: DriverQuery, conditions: Sequence[str]) -> str:
    """Read models know how many there are in all and of each level; only a search has to count, up to a bound."""
    if query.search is not None:
        matches = f"SELECT FROM {_DRIVERS_FIRST} WHERE {_all(conditions)} LIMIT {COUNTED_UP_TO + 1}"
        return f"(SELECT count(*) FROM ({matches}) AS counted)"
    if query.risk_level is not None:
        above, up_to = _BOUNDS[query.risk_level]
        counted = f"bucket > {above} AND bucket <= {up_to}"
        return f"(SELECT coalesce(sum(drivers), 0)::bigint FROM risk_histogram WHERE {counted})"
    return "(SELECT sum(drivers)::bigint FROM fleet_totals)"


def _all(conditions: Sequence[str]) -> str:
    return " AND ".join(conditions) if conditions else "true"


def _page_params(query: DriverQuery) -> dict[str, Any]:
    params: dict[str, Any] = {"skip": query.skip, "limit": query.limit}
    if query.search is not None:
        params["pattern"] = f"%{_literal(query.search)}%"
    if query.risk_level is not None:
        params["risk_level"] = query.risk_level.value
    if query.position is not None:
        params |= {f"position_{place}": text for place, text in enumerate(query.position)}
    return params


def _literal(search: str) -> str:
    """A text in which LIKE sees no wildcards."""
    return search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
