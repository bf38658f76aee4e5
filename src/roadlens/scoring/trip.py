"""A trip's score from its events and its speeding: 100 minus what each of them takes off. Higher is safer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from roadlens.domain import EVENT_TYPES, EventType
from roadlens.scoring.parameters import Parameters


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
