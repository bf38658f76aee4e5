"""The seven questions of `benchmarks.reads`: where Roadlens answers each, and who answers it in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.naive import joins, loops
from benchmarks.naive.asked import ACTIVITY_DAYS, EVENT_DAYS, PAGE, Asked, Facts, Way, score

_ADMIN = "/api/v1/admin"
_DASHBOARD = f"{_ADMIN}/dashboard"


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        address: asked of Roadlens; `{}` stands for a driver.
        endpoint: the function that computes the answer, as metrics name it.
        facts: what its answer says, from the JSON.
        loops: (a).
        joins: (b).
    """

    name: str
    address: str
    endpoint: str
    facts: Callable[[Any], Facts]
    loops: Way
    joins: Way

    def path(self, asked: Asked) -> str:
        return self.address.format(asked.driver_id)


def _listed(answer: Any) -> Facts:
    facts: Facts = {"total": answer["total"]}
    for driver in answer["drivers"]:
        facts |= {
            f"{driver['driver_id']} vehicle": driver["vehicle"] and driver["vehicle"]["vehicle_id"],
            f"{driver['driver_id']} risk_score": score(driver["risk_score"]),
            f"{driver['driver_id']} trips": driver["trips"],
            f"{driver['driver_id']} distance_km": driver["distance_km"],
        }
    return facts


def _by_day(answer: Any) -> Facts:
    return {f"{each['date']} {name}": each[name] for each in answer for name in ("trip_count", "avg_score")}


def _detailed(answer: Any) -> Facts:
    return {
        "vehicles": " ".join(sorted(vehicle["vehicle_id"] for vehicle in answer["vehicles"])),
        "risk_score": score((answer["latest_score"] or {}).get("risk_score")),
        **{name: answer["totals"][name] for name in ("trips", "distance_km", "events")},
    }


def _counted(answer: Any) -> Facts:
    return {
        **answer["totals"],
        "recent_drivers": " ".join(driver["driver_id"] for driver in answer["recent_drivers"]),
        "recent_users": " ".join(str(user["user_id"]) for user in answer["recent_users"]),
    }


def _pairs(key: str, value: str) -> Callable[[Any], Facts]:
    return lambda answer: {each[key]: each[value] for each in answer}


QUESTIONS = (
    Question("dashboard summary", f"{_DASHBOARD}/summary", "summary", dict, loops.summary, joins.summary),
    Question(
        "drivers list", f"{_ADMIN}/drivers?limit={PAGE}", "list_drivers",
        _listed, loops.drivers_list, joins.drivers_list,
    ),
    Question(
        "trip activity", f"{_DASHBOARD}/trip-activity?days={ACTIVITY_DAYS}", "trip_activity",
        _by_day, loops.trip_activity, joins.trip_activity,
    ),
    Question(
        "driver details", f"{_ADMIN}/drivers/{{}}", "get_driver",
        _detailed, loops.driver_details, joins.driver_details,
    ),
    Question("stats", f"{_DASHBOARD}/stats", "stats", _counted, loops.stats, joins.stats),
    Question(
        "safety events", f"{_DASHBOARD}/safety-events?days={EVENT_DAYS}", "safety_events",
        _pairs("event_type", "count"), loops.safety_events, joins.safety_events,
    ),
    Question(
        "risk distribution", f"{_DASHBOARD}/risk-distribution", "risk_distribution",
        _pairs("risk_level", "driver_count"), loops.risk_distribution, joins.risk_distribution,
    ),
)  # fmt: skip
