"""Trips of the whole fleet, and one trip with its track."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter

from roadlens import freshness
from roadlens.api.dependencies import Reading, State
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.parameters import After, From, Limit, OfDriver, To, id_span
from roadlens.api.schemas.trips import Trip, TripDetail, TripPage
from roadlens.api.security import may_view
from roadlens.errors import NotFound
from roadlens.storage.reads import trips

router = APIRouter(prefix="/admin/trips", tags=["trips"], dependencies=[may_view], responses=problems(*GUARDED))


@router.get("")
@freshness.trips_list
async def list_trips(
    session: Reading,
    state: State,
    *,
    driver_id: OfDriver = None,
    begin: From = None,
    end: To = None,
    limit: Limit = 100,
    after: After = None,
) -> TripPage:
    """Trips, newest first."""
    scope = ("trips", driver_id, begin, end)
    position = None if after is None else state.cursors.open(scope, after)
    found = await trips.page(session, span=id_span(begin, end, position), limit=limit + 1, driver_id=driver_id)
    page, following = state.cursors.cut(scope, found, limit, lambda trip: [str(trip.trip_id)])
    return TripPage(items=[Trip.of(trip) for trip in page], next=following)


@router.get("/{trip_id}", responses=problems(HTTPStatus.NOT_FOUND))
@freshness.trip_detail
async def get_trip(trip_id: UUID, session: Reading) -> TripDetail:
    """One trip with its track and events."""
    trip = await trips.detail(session, trip_id)
    if trip is None:
        raise NotFound(f"There is no trip {trip_id}. /api/v1/admin/trips lists them.")
    return TripDetail.with_track(trip, await trips.track(session, trip))
