"""What is behind a driver's risk score: factors with their trips and events, and the reasons in words."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from pydantic import Field

from roadlens.api.schemas.answer import Answer, Score, kilometres
from roadlens.domain import EventSource, EventState
from roadlens.scoring import reasons
from roadlens.scoring.explanation import ExplainedFactor, Explanation, Terms, explain
from roadlens.scoring.risk import Exposure, Factor
from roadlens.storage.reads.behind import TripBehind as TripRow
from roadlens.storage.reads.risk import Driven, ScoredWindow

Amount = int | float


class RiskFactor(Answer):
    factor: str
    label: str
    points: float = Field(description="What it adds to the score.")
    weight: float = Field(description="The most it can add.")
    observed: float = Field(description="The driver's rate, in `unit`.")
    credible: float = Field(description="The same, drawn towards `expected` while there is little driving.")
    expected: float = Field(description="The portfolio's mean.")
    unit: str


class TripBehind(Answer):
    trip_id: UUID
    started_at: datetime.datetime
    day: datetime.date
    distance_km: float
    amount: Amount = Field(description="How much of the factor's `amount` is of this trip.")
    share: float = Field(description="The same, as a share of it, 0-1.")


class EventBehind(Answer):
    event_id: UUID
    trip_id: UUID
    source: EventSource
    occurred_at: datetime.datetime
    severity: float | None = Field(description="m/s²; for speeding, km/h over the limit; null if not measured.")
    confidence: float
    state: EventState


class FactorWithCauses(RiskFactor):
    relativity: float = Field(description="`credible` as a multiple of `expected`.")
    average_points: float = Field(description="What it adds to an average driver's score.")
    above_average: float = Field(description="What it adds more than that; negative if less.")
    amount: Amount = Field(description="How much there was in the window: what `observed` is of.")
    amount_unit: Literal["events", "km"]
    score_without: Score = Field(description="The score if there had been none of it on the same distance.")
    trips: list[TripBehind] = Field(description="The trips it comes from most, 10 at most.")
    events: list[EventBehind] = Field(description="The newest events, 10 at most; none for a share of distance.")
    all: str = Field(description="Where all of these events, or trips, are listed.")


class Reason(Answer):
    code: str = Field(description="Stays the same when the text is worded better.")
    factor: str | None
    points: float | None = Field(description="Above an average driver.")
    text: str
    trip_id: UUID | None = Field(description="The trip that the text ends with.")


class Lower(Answer):
    code: str
    factor: str
    risk_score: Score = Field(description="What the score would be.")
    text: str


class Credibility(Answer):
    own: float = Field(description="The weight of the driver's own driving in each factor, 0-1.")
    mean: float = Field(description="That of the portfolio's mean: the rest.")
    prior_km: float = Field(description="The distance at which both are a half.")


def explained(driver_id: str, found: ScoredWindow) -> dict[str, Any]:
    """What `DriverRisk` says of a score beyond the score itself."""
    terms, explanation = _explanation(found)
    return {
        "window_days": terms.window_days,
        "window_first_day": found.first_day,
        "window_trips": found.driven.trips,
        "distance_needed_km": terms.distance_at_least_km,
        "credibility": {
            "own": explanation.credibility,
            "mean": 1 - explanation.credibility,
            "prior_km": terms.prior_km,
        },
        "average_score": explanation.average_score if explanation.factors else None,
        "factors": _factors(driver_id, found, explanation),
        "reasons": _reasons(terms, explanation, found),
        "lower": reasons.lower(explanation),
    }


def reasons_of(found: ScoredWindow) -> list[reasons.Reason]:
    """The reasons alone. They need the first trip of each factor, and no event."""
    return _reasons(*_explanation(found), found)


def _explanation(found: ScoredWindow) -> tuple[Terms, Explanation]:
    terms, exposure = Terms.of(found.parameters), _exposure(found.distance_m, found.driven)
    return terms, explain(terms, exposure, [Factor(**msgspec.structs.asdict(factor)) for factor in found.factors])


def _exposure(distance_m: int, driven: Driven) -> Exposure:
    amounts = msgspec.structs.asdict(driven)
    del amounts["trips"], amounts["driven_days"]
    return Exposure(distance_m=distance_m, **amounts)


def _reasons(terms: Terms, explanation: Explanation, found: ScoredWindow) -> list[reasons.Reason]:
    if found.risk_score is None:
        return [reasons.no_score(terms, found.distance_m, found.day)]
    # The first of each factor has most of it.
    most = {trip.factor: reasons.Most(trip.trip_id, trip.day, trip.amount) for trip in reversed(found.trips)}
    return reasons.reasons(explanation, found.distance_m, most)


def _factors(driver_id: str, found: ScoredWindow, explanation: Explanation) -> list[dict[str, Any]]:
    trips, events = defaultdict(list), defaultdict(list)
    for trip in found.trips:
        trips[trip.factor].append(trip)
    for event in found.events:
        events[event.event_type].append(event)
    return [
        {
            **{name: getattr(one.factor, name) for name in RiskFactor.model_fields},
            "relativity": one.relativity,
            "average_points": one.average_points,
            "above_average": one.above_average,
            "amount": _amount(one, one.amount),
            "amount_unit": "km" if one.counts_metres else "events",
            "score_without": one.score_without,
            "trips": _trips(one, trips[one.factor.factor]),
            "events": events[one.factor.factor],
            "all": _all(driver_id, one, found.first_moment),
        }
        for one in explanation.factors
    ]


def _trips(one: ExplainedFactor, trips: Sequence[TripRow]) -> list[dict[str, Any]]:
    return [
        {
            "trip_id": trip.trip_id,
            "started_at": trip.started_at,
            "day": trip.day,
            "distance_km": kilometres(trip.distance_m),
            "amount": _amount(one, trip.amount),
            "share": trip.amount / one.amount if one.amount else 0.0,
        }
        for trip in trips
    ]


def _amount(one: ExplainedFactor, amount: int) -> Amount:
    return kilometres(amount) if one.counts_metres else amount


def _all(driver_id: str, one: ExplainedFactor, since: datetime.datetime) -> str:
    """The address of the list that has all of it, newest first."""
    begin = {"from": since.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    if one.counts_metres:
        asked = {"factor": one.factor.factor, **begin}
        return f"/api/v1/admin/drivers/{quote(driver_id, safe='')}/trips?{urlencode(asked)}"
    asked = {"driver_id": driver_id, "event_type": one.factor.factor, **begin}
    return f"/api/v1/admin/events?{urlencode(asked)}"
