"""The list of drivers: its orders, each walking an index of its own, and the page of those whom its filters leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from roadlens.domain import RiskLevel
from roadlens.storage.arrays import array
from roadlens.storage.cursor import BATCH, Batches, batches
from roadlens.storage.database import ReadSession
from roadlens.storage.reads.driver_filters import (
    SEARCHED,
    level_of_one_stretch,
    level_on_the_way,
    level_tables,
    look_up,
    search_params,
    total_of,
    with_tables,
)
from roadlens.storage.reads.drivers import COLUMNS, SUMMARY_COLUMNS, DriverRow, VehicleInUse

T = TypeVar("T")

# What is said of a search's total: counting all matches could take longer than finding a page of them.
COUNTED_UP_TO = 1000

_DRIVERS_FIRST = "drivers AS driver LEFT JOIN driver_summary AS summary USING (driver_id)"
_SUMMARY_FIRST = "driver_summary AS summary LEFT JOIN drivers AS driver USING (driver_id)"


class DriverSort(StrEnum):
    DRIVER_ID = "driver_id"
    NAME = "name"
    RISK = "risk"
    LAST_TRIP = "last_trip"
    CREATED = "created"


@dataclass(frozen=True, slots=True)
class _Key:
    """What a list is sorted by: the columns of one index, with their types for comparing a cursor's text with them.

    `tables` begins with the index's table. The other is joined by its key, so PostgreSQL leaves it out if nothing
    asks for it.
    """

    columns: tuple[tuple[str, str], ...]
    tables: str
    descending: bool


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

_VEHICLE_COLUMNS = "vehicle_id, vehicle_name, make, model, model_year, plate"

# The vehicle of the assignment that holds now; the newest, should a driver have several devices. Asked for as a range,
# it may be looked for among all that hold now, in the index that forbids overlaps: those are as many as drivers.
_CURRENT_VEHICLE = """
LEFT JOIN LATERAL (
SELECT vehicle.vehicle_id, vehicle.name AS vehicle_name, make, model, model_year, plate
FROM device_assignments AS assignment JOIN vehicles AS vehicle USING (vehicle_id)
WHERE assignment.driver_id = {}
    AND (valid_from IS NULL OR valid_from <= now()) AND (valid_to IS NULL OR valid_to > now())
ORDER BY valid_from DESC NULLS LAST, assignment_id DESC LIMIT 1
) AS driven ON true
"""


class ListedDriver(DriverRow, frozen=True, kw_only=True):
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
    """A page and the total, in one statement; in two if something is searched for."""
    if query.search is None:
        # Beyond the end there is nothing to walk to.
        conditions = [*_on_the_way(query), ":skip < (SELECT total FROM total)"]
        total, listed = await _list(session, query, total_of(query.risk_level), conditions)
        return DriverPageRows(total, False, listed)
    fitting, ids = await look_up(session, query.search, query.risk_level)
    if fitting == 0:
        return DriverPageRows(0, False, [])
    counted = min(fitting, COUNTED_UP_TO)
    conditions, params = _on_the_way(query), {}
    if ids is not None:
        conditions, params = [f"{_driver_id(query)} = ANY(cast(:found AS text[]))"], {"found": array(ids)}
    _, listed = await _list(session, query, f"{counted}", conditions, params)
    return DriverPageRows(counted, fitting > COUNTED_UP_TO, listed)


async def _list(
    session: ReadSession,
    query: DriverQuery,
    total: str,
    conditions: Sequence[str],
    more_params: Mapping[str, object] = MappingProxyType({}),
) -> tuple[int, list[ListedDriver]]:
    """What the page shows of those for whom the conditions hold, and what the expression `total` says."""
    totals: list[int] = []

    def row(total: int, driver_id: str | None, **columns: Any) -> ListedDriver | None:
        totals.append(total)
        return None if driver_id is None else _listed(driver_id=driver_id, **columns)

    statement, params = _page_statement(query, total, conditions), {**_page_params(query), **more_params}
    # How many are passed by on the way depends on what is asked for.
    filtered = query.search is not None or query.risk_level is not None
    rows = await session.rows(statement, row, params, anew=filtered)
    return totals[0], [each for each in rows if each is not None]


def _listed(
    vehicle_id: str | None, vehicle_name: str, make: str | None, model: str | None, model_year: int | None,
    plate: str | None, **columns: Any,
) -> ListedDriver:  # fmt: skip
    driven = vehicle_id and VehicleInUse(vehicle_id, vehicle_name, make, model, model_year, plate)
    return ListedDriver(vehicle=driven or None, **columns)


def every(session: ReadSession, query: DriverQuery) -> Batches[ListedDriver]:
    """All matches in the query's order, whichever page it asks for."""
    columns = f"ARRAY[]::text[] AS position, {_VEHICLE_COLUMNS}, {COLUMNS}, {SUMMARY_COLUMNS}"
    return walk(session, query, columns, _CURRENT_VEHICLE, _listed)


def walk(
    session: ReadSession,
    query: DriverQuery,
    columns: str,
    joined: str,
    into: Callable[..., T],
    *,
    size: int = BATCH,
) -> Batches[T]:
    """These columns of all matches, in order; `joined` is what else is read for each, who stands as `{}` in it."""
    key, direction = _KEYS[query.sort], _direction(query)
    tables = [] if query.risk_level is None else level_tables(query.risk_level)
    statement = f"""
{with_tables(tables)} SELECT {columns} FROM {key.tables} {joined.format(_driver_id(query))}
WHERE {" AND ".join(_on_the_way(query)) or "true"}
ORDER BY {", ".join(f"{column} {direction}" for column, _ in key.columns)}
"""
    return batches(session, statement, into, _page_params(query), size=size)


def _page_statement(query: DriverQuery, total: str, conditions: Sequence[str]) -> str:
    """Only text of this module and of the filters goes into the statement; what was asked for travels beside it."""
    key, direction = _KEYS[query.sort], _direction(query)
    named = {f"key_{place}": column for place, (column, _) in enumerate(key.columns)}
    order = ", ".join(f"{name} {direction}" for name in named)
    within = [*conditions, *_after(query, key, direction)]
    tables = [] if query.risk_level is None else level_tables(query.risk_level)
    tables.append(f"total AS MATERIALIZED (SELECT {total} AS total)")
    # What is skipped is walked over and nothing else: place and position are made of the page alone.
    return f"""
WITH {", ".join(tables)}, page AS MATERIALIZED (
    SELECT {[*named][-1]} AS driver_id, row_number() OVER (ORDER BY {order}) AS place,
        ARRAY[{", ".join(f"cast({name} AS text)" for name in named)}] AS position
    FROM (
        SELECT {", ".join(f"{column} AS {name}" for name, column in named.items())}
        FROM {key.tables} WHERE {" AND ".join(within)}
        ORDER BY {order} OFFSET :skip LIMIT :limit
    ) AS cut
)
SELECT total, position, {_VEHICLE_COLUMNS}, {COLUMNS}, {SUMMARY_COLUMNS}
FROM total LEFT JOIN (
    page JOIN drivers USING (driver_id) JOIN driver_summary USING (driver_id)
    {_CURRENT_VEHICLE.format("page.driver_id")}
) ON true
ORDER BY place
"""


def _direction(query: DriverQuery) -> str:
    descending = _KEYS[query.sort].descending if query.descending is None else query.descending
    return "DESC" if descending else "ASC"


def _driver_id(query: DriverQuery) -> str:
    return _KEYS[query.sort].columns[-1][0]


def _on_the_way(query: DriverQuery) -> list[str]:
    """What must hold of each driver that is come across on a walk in the list's order."""
    conditions = [] if query.search is None else [SEARCHED]
    if query.risk_level is not None and query.sort is DriverSort.RISK:
        conditions.append(level_of_one_stretch(_KEYS[DriverSort.RISK].columns[0][0], query.risk_level))
    elif query.risk_level is not None:
        conditions.append(level_on_the_way(_driver_id(query)))
    return conditions


def _after(query: DriverQuery, key: _Key, direction: str) -> list[str]:
    if query.position is None:
        return []
    columns = ", ".join(column for column, _ in key.columns)
    values = ", ".join(f"cast(:position_{place} AS {kind})" for place, (_, kind) in enumerate(key.columns))
    comparison = "<" if direction == "DESC" else ">"
    return [f"({columns}) {comparison} ({values})"]


def _page_params(query: DriverQuery) -> dict[str, Any]:
    params: dict[str, Any] = {"skip": query.skip, "limit": query.limit}
    if query.search is not None:
        params |= search_params(query.search)
    if query.risk_level is not None:
        params["risk_level"] = query.risk_level.value
    if query.position is not None:
        params |= {f"position_{place}": text for place, text in enumerate(query.position)}
    return params
