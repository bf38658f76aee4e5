"""A trip's score from its events and its speeding: 100 minus what each of them takes off. Higher is safer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from roadlens.domain import EVENT_TYPES, EventType
from roadlens.scoring.parameters import DEFAULT, Parameters

# The reason that gives back what would make a score negative.
NOT_BELOW_ZERO = "not_below_zero"


@dataclass(frozen=True, slots=True)
class TripDeduction:
    """One reason why a trip has less than 100 points."""

    factor: str
    points: float


def trip_deductions(
    parameters: Parameters, *, distance_m: float, speeding_m: float, counts: Mapping[EventType, int]
) -> list[TripDeduction]:
    """What is taken off, each reason in points (rounded to 0.01).

    Events count per 10 km, but a trip shorter than `trip_distance_at_least_km` counts as that long: one event on the
    way to the baker's is not a rate. Speeding counts by the share of the distance above the limit.

    Args:
        parameters: the active version.
        distance_m: driven distance, metres.
        speeding_m: of it above the limit plus tolerance, metres.
        counts: events of each type; a missing type counts 0.
    """
    per_ten_km = 10_000 / max(distance_m, parameters.trip_distance_at_least_km * 1000)
    deductions = [
        TripDeduction(kind.value, round(getattr(parameters, f"trip_{kind.value}") * counts[kind] * per_ten_km, 2))
        for kind in EVENT_TYPES
        if counts.get(kind)
    ]
    if speeding_m > 0 and distance_m > 0:
        share = min(1.0, speeding_m / distance_m)
        deductions.append(TripDeduction("speeding_share", round(parameters.trip_speeding_share * share, 2)))
    return deductions


def explained_score(
    stored: Mapping[str, Any],
    category: str | None,
    *,
    score: float,
    distance_m: float,
    speeding_m: float,
    counts: Mapping[EventType, int],
) -> list[TripDeduction] | None:
    """What was taken off a trip's score, adding up to 100 less the score: what went below 0 is given back at the end.

    None if that does not come to the score: the vehicle was of another class when it was scored.

    Args:
        stored: the parameters of the version that made the score, as its row holds them.
        category: the vehicle's, whose class may have weights of its own.
        score: the trip's.
        distance_m, speeding_m, counts: as for `trip_deductions`.
    """
    values = {**stored, **(stored.get("classes") or {}).get((category or "").strip().lower(), {})}
    names = [row.name for row in fields(Parameters) if row.name.startswith("trip_")]
    weights: dict[str, Any] = {name: float(values[name]) for name in names}
    deductions = trip_deductions(
        replace(DEFAULT, **weights), distance_m=distance_m, speeding_m=speeding_m, counts=counts
    )
    hundredths = sum(round(deduction.points * 100) for deduction in deductions)
    if hundredths > 100 * 100:
        deductions.append(TripDeduction(NOT_BELOW_ZERO, (100 * 100 - hundredths) / 100))
    return deductions if max(0, 100 * 100 - hundredths) == round(score * 100) else None


def trip_score(
    parameters: Parameters, *, distance_m: float, speeding_m: float, counts: Mapping[EventType, int]
) -> float:
    """The score, 0-100 with two decimals: 100 minus the deductions, never below 0."""
    deductions = trip_deductions(parameters, distance_m=distance_m, speeding_m=speeding_m, counts=counts)
    return max(0.0, round(100 - sum(deduction.points for deduction in deductions), 2))


def trip_scores(
    parameters: Parameters,
    *,
    distance_m: npt.NDArray[np.integer[Any]],
    speeding_m: npt.NDArray[np.integer[Any]],
    counts: npt.NDArray[np.integer[Any]],
) -> npt.NDArray[np.float64]:
    """`trip_score` of n trips at once; `counts` of shape (n, 5), by type. No trip may have a distance of 0.

    A deduction that lies half-way between two hundredths may be rounded the other way than there.
    """
    weights = np.array([getattr(parameters, f"trip_{kind.value}") for kind in EVENT_TYPES])
    per_ten_km = 10_000 / np.maximum(distance_m, parameters.trip_distance_at_least_km * 1000)
    events = np.round(counts * weights * per_ten_km[:, None], 2).sum(axis=1)
    speeding = np.round(parameters.trip_speeding_share * np.minimum(1.0, speeding_m / distance_m), 2)
    return np.asarray(np.maximum(0.0, np.round(100 - events - speeding, 2)))
