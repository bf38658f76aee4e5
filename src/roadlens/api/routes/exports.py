"""Lists as files of CSV: all that match the filters, as the list shows it, from one moment.

An address of their own, so that nothing that is kept of a list can be taken for its file, nor the other way round.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Query, Response

from roadlens.api.export import CsvExport
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.parameters import (
    Action,
    ChangedBy,
    Entity,
    EntityId,
    From,
    OfDevice,
    OfDriver,
    OfVehicle,
    Order,
    Reviewed,
    Search,
    To,
    Unassigned,
    id_span,
)
from roadlens.api.schemas.assignments import Assignment
from roadlens.api.schemas.audit import AuditEntry
from roadlens.api.schemas.devices import Device
from roadlens.api.schemas.drivers import DriverListed
from roadlens.api.schemas.events import Event
from roadlens.api.schemas.reasons import DriverReasons
from roadlens.api.schemas.trips import Trip
from roadlens.api.schemas.users import User
from roadlens.api.schemas.vehicles import Vehicle
from roadlens.api.security import may_administer_beforehand, may_view_beforehand
from roadlens.api.spreadsheet import Sheet
from roadlens.api.taking import Export, Taking, TakingConfidential
from roadlens.domain import EventSource, EventType, RiskLevel
from roadlens.storage.cursor import Batches
from roadlens.storage.database import ReadSession
from roadlens.storage.reads import assignments, audit, devices, driver_pages, events, reasons, trips, users, vehicles
from roadlens.storage.reads.assignments import AssignmentFilter
from roadlens.storage.reads.audit import AuditFilter
from roadlens.storage.reads.driver_pages import DriverQuery, DriverSort
from roadlens.storage.reads.events import EventFilter

R = TypeVar("R")

_TAKEN: Final[dict[str, Any]] = {
    "prefix": "/admin/exports",
    "tags": ["exports"],
    "responses": {**problems(*GUARDED), HTTPStatus.OK.value: {"content": {CsvExport.media_type: {}}}},
    "default_response_class": Response,
}
router = APIRouter(dependencies=[may_view_beforehand], **_TAKEN)
# What only admins may see.
confidential = APIRouter(dependencies=[may_administer_beforehand], **_TAKEN)

ByteOrderMark = Annotated[bool, Query(alias="bom", description="Begin with a byte order mark: Excel needs it.")]

_DRIVERS: Final = Sheet(DriverListed, DriverListed.of)
_REASONS: Final = Sheet(DriverReasons, DriverReasons.of)
_TRIPS: Final = Sheet(Trip, Trip.of)
_EVENTS: Final = Sheet(Event, Event.model_validate)
_VEHICLES: Final = Sheet(Vehicle, Vehicle.model_validate)
_USERS: Final = Sheet(User, User.model_validate)
_DEVICES: Final = Sheet(Device, Device.model_validate)
_ASSIGNMENTS: Final = Sheet(Assignment, Assignment.model_validate)
_CHANGES: Final = Sheet(AuditEntry, AuditEntry.model_validate)


@router.get("/drivers.csv")
async def export_drivers(
    taking: Taking,
    *,
    search: Search = None,
    risk_level: RiskLevel | None = None,
    sort: DriverSort = DriverSort.DRIVER_ID,
    order: Order = None,
    bom: ByteOrderMark = False,
) -> CsvExport:
    """Drivers with vehicle and latest score."""
    query = _query(search, risk_level, sort, order)
    return _file(taking, "drivers", _DRIVERS, partial(driver_pages.every, query=query), bom)


@router.get("/risk.csv")
async def export_risk(
    taking: Taking,
    *,
    search: Search = None,
    risk_level: RiskLevel | None = None,
    sort: DriverSort = DriverSort.DRIVER_ID,
    order: Order = None,
    bom: ByteOrderMark = False,
) -> CsvExport:
    """Drivers with the reasons for the latest score, those of `/admin/drivers/{driver_id}/risk`: codes and texts."""
    query = _query(search, risk_level, sort, order)
    return _file(taking, "risk", _REASONS, partial(reasons.every, query=query), bom)


@router.get("/trips.csv")
async def export_trips(
    taking: Taking, *, driver_id: OfDriver = None, begin: From = None, end: To = None, bom: ByteOrderMark = False
) -> CsvExport:
    """Trips, newest first; of one driver, if one is named."""
    span = id_span(begin, end, None)
    return _file(taking, "trips", _TRIPS, partial(trips.every, span=span, driver_id=driver_id), bom)


@router.get("/events.csv")
async def export_events(
    taking: Taking,
    *,
    driver_id: OfDriver = None,
    event_type: EventType | None = None,
    source: EventSource | None = None,
    review: Reviewed = None,
    begin: From = None,
    end: To = None,
    bom: ByteOrderMark = False,
) -> CsvExport:
    """Safety events, newest first."""
    wanted = EventFilter(driver_id=driver_id, event_type=event_type, source=source, state=review)
    rows = partial(events.every, wanted=wanted, span=id_span(begin, end, None))
    return _file(taking, "events", _EVENTS, rows, bom)


@router.get("/vehicles.csv")
async def export_vehicles(taking: Taking, *, bom: ByteOrderMark = False) -> CsvExport:
    """Vehicles by id, with who drives each now."""
    return _file(taking, "vehicles", _VEHICLES, vehicles.every, bom)


@router.get("/users.csv")
async def export_users(taking: Taking, *, bom: ByteOrderMark = False) -> CsvExport:
    """Users, oldest first."""
    return _file(taking, "users", _USERS, users.every, bom)


@router.get("/devices.csv")
async def export_devices(taking: Taking, *, unassigned: Unassigned = None, bom: ByteOrderMark = False) -> CsvExport:
    """Devices by what they call themselves, with who has each now."""
    return _file(taking, "devices", _DEVICES, partial(devices.every, unassigned=unassigned), bom)


@router.get("/assignments.csv")
async def export_assignments(
    taking: Taking,
    *,
    driver_id: OfDriver = None,
    vehicle_id: OfVehicle = None,
    unique_id: OfDevice = None,
    bom: ByteOrderMark = False,
) -> CsvExport:
    """Assignments, the one made last first."""
    wanted = AssignmentFilter(driver_id=driver_id, vehicle_id=vehicle_id, unique_id=unique_id)
    return _file(taking, "assignments", _ASSIGNMENTS, partial(assignments.every, wanted=wanted), bom)


@confidential.get("/audit.csv")
async def export_changes(
    taking: TakingConfidential,
    *,
    actor: ChangedBy = None,
    action: Action = None,
    entity: Entity = None,
    entity_id: EntityId = None,
    begin: From = None,
    end: To = None,
    bom: ByteOrderMark = False,
) -> CsvExport:
    """Who changed what, when, from what to what: the newest first. `before` and `after` are JSON."""
    wanted = AuditFilter(actor=actor, action=action, entity=entity, entity_id=entity_id, begin=begin, end=end)
    return _file(taking, "audit", _CHANGES, partial(audit.every, wanted=wanted), bom)


def _query(search: str | None, risk_level: RiskLevel | None, sort: DriverSort, order: str | None) -> DriverQuery:
    return DriverQuery(
        search=(search or "").strip() or None,
        risk_level=risk_level,
        sort=sort,
        descending=None if order is None else order == "desc",
    )


def _file(
    taking: Export, name: str, sheet: Sheet[R], rows: Callable[[ReadSession], Batches[R]], bom: bool
) -> CsvExport:
    async def parts() -> AsyncGenerator[str, None]:
        """The headings come with the first rows: so what goes wrong until then can still be said."""
        begin = sheet.head()
        await taking.note(name)
        async with taking.database.read() as session, aclosing(rows(session)) as batches:
            async for batch in batches:
                yield begin + sheet.lines(batch)
                begin = ""
        if begin:
            yield begin

    return CsvExport(name, taking.exports, parts, mark=bom)
