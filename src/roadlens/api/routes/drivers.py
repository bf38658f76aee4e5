"""Drivers: the list, one alone, what hangs on one (risk, statistics, trips), and edits."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from roadlens import freshness
from roadlens.api import lookups
from roadlens.api.dependencies import Reading, State
from roadlens.api.editing import EDITED, MADE, REMOVED, Edit, Editing, Matching, tag
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.parameters import After, DriverId, From, Limit, OfFactor, Order, Search, To, id_span
from roadlens.api.schemas.driver_edits import DriverPatch, DriverReplacement, NewDriver, check_driver
from roadlens.api.schemas.drivers import DriverDetail, DriverListed, DriverPage, DriverRecord
from roadlens.api.schemas.risk import DriverRisk
from roadlens.api.schemas.statistics import DriverStatistics
from roadlens.api.schemas.trips import Trip, TripPage
from roadlens.api.security import may_view, may_view_beforehand
from roadlens.domain import RiskLevel
from roadlens.errors import InvalidInput, NotFound
from roadlens.storage.reads import driver_pages, drivers, risk, statistics, trips
from roadlens.storage.reads.driver_pages import DriverQuery, DriverSort
from roadlens.storage.writes import drivers as edit_drivers
from roadlens.storage.writes.edits import Expected
from roadlens.telemetry import assignments

router = APIRouter(prefix="/admin/drivers", tags=["drivers"], dependencies=[may_view], responses=problems(*GUARDED))
# Those whose answers are made of what `lookups` keeps: each load there begins a transaction of its own.
looked_up = APIRouter(
    prefix="/admin/drivers", tags=["drivers"], dependencies=[may_view_beforehand], responses=problems(*GUARDED)
)
edits = APIRouter(prefix="/admin/drivers", tags=["drivers"])
_ABSENT = problems(HTTPStatus.NOT_FOUND)

# Beyond this a list is not leafed through; `after` goes on from any page without counting.
_LONGEST_SKIP = 1_000_000


@router.get("")
@freshness.drivers_list
async def list_drivers(
    session: Reading,
    state: State,
    *,
    skip: Annotated[int, Query(ge=0, le=_LONGEST_SKIP, description="How many to leave out; not with `after`.")] = 0,
    limit: Limit = 100,
    search: Search = None,
    risk_level: RiskLevel | None = None,
    sort: DriverSort = DriverSort.DRIVER_ID,
    order: Order = None,
    after: After = None,
) -> DriverPage:
    """Drivers with vehicle and latest score."""
    if skip and after is not None:
        raise InvalidInput("Use either `skip` or `after`: a cursor already says where the page begins.", field="skip")
    sought = (search or "").strip() or None
    scope = ("drivers", sought, risk_level, sort, order)
    found = await driver_pages.page(
        session,
        DriverQuery(
            search=sought,
            risk_level=risk_level,
            sort=sort,
            descending=None if order is None else order == "desc",
            skip=skip,
            position=None if after is None else state.cursors.open(scope, after),
            limit=limit + 1,
        ),
    )
    page, following = state.cursors.cut(scope, found.drivers, limit, lambda driver: driver.position)
    return DriverPage(
        total=found.total,
        total_capped=found.total_capped,
        skip=skip,
        limit=limit,
        drivers=[DriverListed.of(driver) for driver in page],
        next=following,
    )


@router.get("/{driver_id}", responses=_ABSENT)
@freshness.driver_detail
async def get_driver(driver_id: DriverId, session: Reading, response: Response) -> DriverDetail:
    """One driver with vehicles, totals and the latest score's factors."""
    driver = await drivers.detail(session, driver_id)
    if driver is None:
        raise _no_driver(driver_id)
    answer = DriverDetail.of(driver)
    tag(response, driver.version)
    return answer


@looked_up.get("/{driver_id}/risk", responses=_ABSENT)
@freshness.risk_score
async def get_driver_risk(driver_id: DriverId, state: State) -> DriverRisk:
    """Why the score is what it is, and how it went."""

    async def load() -> DriverRisk:
        async with state.database.read() as session:
            found = await risk.risk(session, driver_id)
        if found is None:
            raise _no_driver(driver_id)
        return DriverRisk.of(found)

    return await lookups.cache_risk_score(state.cache, driver_id, load)


@looked_up.get("/{driver_id}/statistics", responses=_ABSENT)
@freshness.driver_statistics
async def get_driver_statistics(
    driver_id: DriverId,
    state: State,
    period_days: Annotated[int, Query(ge=1, le=365)] = lookups.DEFAULT_PERIOD_DAYS,
) -> DriverStatistics:
    """What the driver did over the last days, today included."""

    async def load() -> DriverStatistics:
        async with state.database.read() as session:
            found = await statistics.statistics(session, driver_id, period_days)
        if found is None:
            raise _no_driver(driver_id)
        return DriverStatistics.of(driver_id, period_days, found)

    return await lookups.cache_driver_statistics(state.cache, driver_id, load, period_days)


@router.get("/{driver_id}/trips", responses=_ABSENT)
@freshness.trips_list
async def list_driver_trips(
    driver_id: DriverId,
    session: Reading,
    state: State,
    *,
    factor: OfFactor = None,
    begin: From = None,
    end: To = None,
    limit: Limit = 100,
    after: After = None,
) -> TripPage:
    """The driver's trips, newest first."""
    scope = ("driver_trips", driver_id, factor, begin, end)
    position = None if after is None else state.cursors.open(scope, after)
    span = id_span(begin, end, position)
    found = await trips.page_of_driver(session, driver_id, span=span, limit=limit + 1, factor=factor)
    if found is None:
        raise _no_driver(driver_id)
    page, following = state.cursors.cut(scope, found, limit, lambda trip: [str(trip.trip_id)])
    return TripPage(items=[Trip.of(trip) for trip in page], next=following)


@edits.post("", status_code=HTTPStatus.CREATED, responses=MADE)
async def create_driver(body: NewDriver, edit: Editing, response: Response) -> DriverRecord:
    """Make a driver."""
    values = body.model_dump()
    check_driver(values)
    made = await edit_drivers.create(edit.session, edit.actor, values)
    response.headers["Location"] = f"/api/v1/admin/drivers/{made['driver_id']}"
    tag(response, made["version"])
    return DriverRecord.model_validate(made)


@edits.put("/{driver_id}", responses=EDITED)
async def replace_driver(
    driver_id: DriverId, body: DriverReplacement, edit: Editing, expected: Matching, response: Response
) -> DriverRecord:
    """Replace a driver: what the body leaves out is cleared."""
    return await _change(driver_id, body.model_dump(), edit, expected, response)


@edits.patch("/{driver_id}", responses=EDITED)
async def patch_driver(
    driver_id: DriverId, body: DriverPatch, edit: Editing, expected: Matching, response: Response
) -> DriverRecord:
    """Change some fields of a driver (JSON merge patch): null clears, what the body leaves out stays."""
    return await _change(driver_id, body.given(), edit, expected, response)


@edits.delete("/{driver_id}", status_code=HTTPStatus.NO_CONTENT, responses=REMOVED)
async def delete_driver(driver_id: DriverId, edit: Editing, expected: Matching) -> None:
    """Delete a driver with assignments, trips, events and scores. Positions stay with devices that are nobody's."""
    await assignments.remove_driver(edit.session, edit.actor, driver_id, expected)


async def _change(
    driver_id: str, values: dict[str, Any], edit: Edit, expected: Expected, response: Response
) -> DriverRecord:
    changed = await edit_drivers.change(edit.session, edit.actor, driver_id, values, expected, check_driver)
    tag(response, changed["version"])
    return DriverRecord.model_validate(changed)


def _no_driver(driver_id: str) -> NotFound:
    return NotFound(f"There is no driver {driver_id}. /api/v1/admin/drivers lists them.")
