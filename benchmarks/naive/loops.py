"""(a) The naive way: a count a query, and then drivers one by one, each asked for what belongs to it.

As much as an object mapper runs that loads relations when they are touched, without what its objects cost. Only
tables that somebody would have without read models: people and things, trips, events, the history of scores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from benchmarks.naive.asked import PAGE, Asked, Facts, kilometres, score
from roadlens.domain import EVENT_TYPES, RiskLevel, risk_level
from roadlens.storage.database import ReadSession

_DRIVERS = "SELECT driver_id FROM drivers"
_LATEST_SCORE = """
SELECT risk_score, factors FROM risk_scores WHERE driver_id = :driver_id ORDER BY day DESC LIMIT 1
"""
_PAGE = "SELECT * FROM drivers ORDER BY driver_id LIMIT :limit"
_CURRENT_VEHICLE = """
SELECT vehicles.* FROM device_assignments JOIN vehicles USING (vehicle_id)
WHERE driver_id = :driver_id AND (valid_from IS NULL OR valid_from <= now()) AND (valid_to IS NULL OR valid_to > now())
ORDER BY valid_from DESC NULLS LAST, assignment_id DESC LIMIT 1
"""
_DRIVEN = """
SELECT count(*) AS trips, coalesce(sum(distance_m), 0) AS distance_m, max(started_at) AS last_trip_at
FROM trips WHERE driver_id = :driver_id
"""


async def summary(session: ReadSession, _asked: Asked) -> Facts:
    counts: Facts = {f"total_{table}": await _count(session, table) for table in ("drivers", "vehicles", "trips")}
    return {**counts, "avg_risk_score": score(fmean(await _latest_scores(session)))}


async def drivers_list(session: ReadSession, _asked: Asked) -> Facts:
    facts: Facts = {"total": await _count(session, "drivers")}
    for driver in await session.rows(_PAGE, dict[str, Any], {"limit": PAGE}):
        driver_id = {"driver_id": driver["driver_id"]}
        vehicle = await session.row(_CURRENT_VEHICLE, dict[str, Any], driver_id)
        latest = await session.row(_LATEST_SCORE, dict[str, Any], driver_id)
        driven = await _one(session, _DRIVEN, driver_id)
        facts |= {
            f"{driver['driver_id']} vehicle": vehicle["vehicle_id"] if vehicle else None,
            f"{driver['driver_id']} risk_score": score(latest["risk_score"]) if latest else None,
            f"{driver['driver_id']} trips": driven["trips"],
            f"{driver['driver_id']} distance_km": kilometres(driven["distance_m"]),
        }
    return facts


async def trip_activity(session: ReadSession, asked: Asked) -> Facts:
    facts: Facts = {}
    for day in asked.activity:
        params = {"day": day}
        facts[f"{day} trip_count"] = await session.value("SELECT count(*) FROM trips WHERE day = :day", params)
        mean = await session.value("SELECT avg(trip_score) FROM trips WHERE day = :day", params)
        facts[f"{day} avg_score"] = score(mean)
    return facts


async def driver_details(session: ReadSession, asked: Asked) -> Facts:
    driver_id = {"driver_id": asked.driver_id}
    await _one(session, "SELECT * FROM drivers WHERE driver_id = :driver_id", driver_id)
    found = await session.tuples("SELECT vehicle_id FROM device_assignments WHERE driver_id = :driver_id", driver_id)
    used = {vehicle_id for (vehicle_id,) in found}
    for vehicle_id in used:
        await _one(session, "SELECT * FROM vehicles WHERE vehicle_id = :vehicle_id", {"vehicle_id": vehicle_id})
    latest = await session.row(_LATEST_SCORE, dict[str, Any], driver_id)
    driven = await _one(session, _DRIVEN, driver_id)
    return {
        "vehicles": " ".join(sorted(used)),
        "risk_score": score(latest["risk_score"]) if latest else None,
        "trips": driven["trips"],
        "distance_km": kilometres(driven["distance_m"]),
        "events": await session.value("SELECT count(*) FROM safety_events WHERE driver_id = :driver_id", driver_id),
    }


async def stats(session: ReadSession, _asked: Asked) -> Facts:
    tables = {name: name for name in ("drivers", "users", "vehicles", "devices", "trips")} | {"events": "safety_events"}
    facts: Facts = {name: await _count(session, table) for name, table in tables.items()}
    for table, key in (("drivers", "driver_id"), ("users", "user_id")):
        newest = f"SELECT * FROM {table} ORDER BY created_at DESC, {key} DESC LIMIT 5"  # noqa: S608 - names of this page
        facts[f"recent_{table}"] = " ".join(str(row[key]) for row in await session.rows(newest, dict[str, Any]))
    return facts


async def safety_events(session: ReadSession, asked: Asked) -> Facts:
    count = "SELECT count(*) FROM safety_events WHERE event_type = :kind AND occurred_at >= :since"
    return {
        kind.value: await session.value(count, {"kind": kind.value, "since": asked.events_since})
        for kind in EVENT_TYPES
    }


async def risk_distribution(session: ReadSession, _asked: Asked) -> Facts:
    levels = Counter(risk_level(each) for each in await _latest_scores(session))
    return {level.value: levels[level] for level in RiskLevel}


async def _count(session: ReadSession, table: str) -> int:
    count: int = await session.value(f"SELECT count(*) FROM {table}")  # noqa: S608 - a name of this page
    return count


async def _latest_scores(session: ReadSession) -> list[float]:
    """Those of the drivers that have one, each driver asked for."""
    scores = [
        await session.value(_LATEST_SCORE, {"driver_id": driver_id}) for (driver_id,) in await session.tuples(_DRIVERS)
    ]
    return [float(each) for each in scores if each is not None]


async def _one(session: ReadSession, statement: str, params: Mapping[str, Any]) -> dict[str, Any]:
    (row,) = await session.rows(statement, dict[str, Any], params)
    return row
