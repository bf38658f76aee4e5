"""The dashboard's numbers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from roadlens import freshness
from roadlens.api.dependencies import Reading
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.percentages import percentages
from roadlens.api.schemas.dashboard import Attention, EventCount, RiskShare, Stats, Summary, TripDay
from roadlens.api.security import may_view
from roadlens.storage.reads import dashboard, riskiest

router = APIRouter(prefix="/admin/dashboard", tags=["dashboard"], dependencies=[may_view], responses=problems(*GUARDED))


@router.get("/stats")
@freshness.dashboard_stats
async def stats(session: Reading) -> Stats:
    """How many there are of everything, and who is new."""
    return Stats.model_validate(await dashboard.stats(session))


@router.get("/summary")
@freshness.dashboard_summary
async def summary(session: Reading) -> Summary:
    """The fleet in four numbers."""
    return Summary.model_validate(await dashboard.summary(session))


@router.get("/trip-activity")
@freshness.trip_activity
async def trip_activity(session: Reading, days: Annotated[int, Query(ge=1, le=30)] = 7) -> list[TripDay]:
    """Trips and their mean score on each of the last days, oldest first; today is the last."""
    return [TripDay.model_validate(day) for day in await dashboard.trip_activity(session, days)]


@router.get("/risk-distribution")
@freshness.risk_distribution
async def risk_distribution(session: Reading) -> list[RiskShare]:
    """How many drivers are of each risk level, by their latest score."""
    counts = await dashboard.risk_distribution(session)
    shares = percentages(list(counts.values()))
    return [
        RiskShare(risk_level=level, driver_count=count, percentage=share)
        for (level, count), share in zip(counts.items(), shares, strict=True)
    ]


@router.get("/safety-events")
@freshness.safety_events
async def safety_events(session: Reading, days: Annotated[int, Query(ge=1, le=365)] = 30) -> list[EventCount]:
    """How many events of each type the last days had, today included."""
    counts = await dashboard.safety_events(session, days)
    return [EventCount(event_type=kind, count=count) for kind, count in counts.items()]


@router.get("/attention")
@freshness.attention
async def attention(session: Reading, limit: Annotated[int, Query(ge=1, le=50)] = 5) -> list[Attention]:
    """The drivers to look at first: the riskiest, each with what adds most to the score."""
    return [Attention.of(driver) for driver in await riskiest.riskiest(session, limit)]
