"""What a value of a score version may be: bounds by unit, and by name where the unit says too little.

Knows which values cannot be changed at all for trips that are cut, and which a class of vehicles may have of its own.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Final, NamedTuple

from roadlens.errors import InvalidInput
from roadlens.scoring.parameters import BY_CLASS, Parameters


class Row(NamedTuple):
    """A value of the table: its name, unit and source, and the least and greatest that it may be."""

    name: str
    unit: str
    source: str
    least: float
    most: float
    whole: bool


# Where trips begin and end, and how long they are. Another value would cut all history anew, with other trips, other
# ids and other distances, which is not what another version of the scoring is.
CUTTING: Final = frozenset(
    {
        "standing_below_kmh", "blip_below_kmh", "blip_shorter_than_s", "stop_ignition_off_s",
        "stop_ignition_unknown_s", "stop_ignition_on_s", "silence_standing_s", "silence_moving_s", "hole_factor",
        "hole_at_least_s", "jump_above_kmh", "trip_at_least_m", "speed_trapezoid_up_to_s",
    }
)  # fmt: skip

_BY_UNIT: Final = {
    "km/h": (0, 400),
    "km/h, 0 for none": (0, 400),
    "m/s²": (0.1, 30),
    "m/s": (0, 100),
    "s": (0, 3600),
    "0-1": (0, 1),
    "points": (0, 100),
    "events per 100 km": (0.001, 1000),
    "share of distance": (0.0001, 1),
    "times the mean": (0.01, 100),
    "days": (1, 366),
    "h": (0, 24),
    "km": (0.1, 100_000),
    "hdop": (0.1, 100),
    "of the threshold": (0.01, 1),
}
_OTHERWISE: Final = (0, 1_000_000)
_BY_NAME: Final = {"dense_interval_s": (0.1, 60), "trip_distance_at_least_km": (0.1, 1000)}


def table() -> dict[str, Row]:
    """Every value that a version has, by name, in the order of the table."""
    return {
        row.name: Row(
            row.name,
            row.metadata["unit"],
            row.metadata["source"],
            *_BY_NAME.get(row.name, _BY_UNIT.get(row.metadata["unit"], _OTHERWISE)),
            whole=row.metadata["unit"] == "days",
        )
        for row in fields(Parameters)
        if "unit" in row.metadata
    }


def weight(name: str) -> bool:
    """Whether it is the most that a factor can add to a risk score."""
    return name.startswith("risk_") and table()[name].unit == "points"


def of_classes(name: str) -> bool:
    """Whether a class of vehicles may have a value of its own.

    That is what an event is. What an event counts, and a driver's risk, which is of all that the driver drove with
    whatever vehicle, are one for all.
    """
    return name in BY_CLASS


def check(name: str, value: float) -> None:
    """See that a value can be computed with.

    Raises:
        InvalidInput: it is not a number, too small or too great.
    """
    row = table()[name]
    if not math.isfinite(value) or not row.least <= value <= row.most:
        unit = "" if row.unit == "0-1" else f" {row.unit}"
        raise InvalidInput(f"{name} must be from {row.least:g} to {row.most:g}{unit}; {value:g} is not.", field=name)
    if row.whole and value != int(value):
        raise InvalidInput(f"{name} must be a whole number of {row.unit}; {value:g} is not.", field=name)
