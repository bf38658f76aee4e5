"""The parameters of a version as a small table with a row for each class of vehicle, which expressions join in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Final

import pyarrow as pa

from roadlens.domain import EventType
from roadlens.scoring.parameters import Parameters
from roadlens.telemetry.derive import margin_us
from roadlens.telemetry.seconds import SECOND_US, mms

# Speeds that rows are compared with, in the unit of the rows.
_SPEEDS: Final = (
    "gps_braking_from_kmh",
    "gps_acceleration_from_kmh",
    "gps_start_from_kmh",
    "gps_start_stumble_kmh",
    "cornering_speed_at_least_kmh",
    "speeding_tolerance_kmh",
    "speed_at_most_kmh",
    "speed_limit_otherwise_kmh",
)
_SPANS: Final = ("same_manoeuvre_us", "same_episode_us", "alarm_around_us")
_LEAST: Final = ("speeding_at_least_us", "manoeuvre_at_least_us")


def _numbers() -> list[str]:
    return [row.name for row in fields(Parameters) if row.type == "float"]


def schema() -> Mapping[str, str]:
    """Names and types of the columns, as ibis has them."""
    return {
        "category": "int64",
        **dict.fromkeys((name.removesuffix("_kmh") + "_mms" for name in _SPEEDS), "int64"),
        **dict.fromkeys(_SPANS, "int64"),
        **dict.fromkeys(_LEAST, "float64"),
        **dict.fromkeys(_numbers(), "float64"),
    }


def number_of(parameters: Parameters, category: str | None) -> int:
    """The number of a class that has values of its own; any other is 0."""
    names = _names(parameters)
    name = (category or "").strip().lower()
    return names.index(name) + 1 if name in names else 0


def table(parameters: Parameters) -> pa.Table:
    """The rows, by number: first what holds for all classes that have nothing of their own."""
    held = [parameters.for_class(None), *(parameters.for_class(name) for name in _names(parameters))]
    rows = [_row(number, each) for number, each in enumerate(held)]
    types = {"int64": pa.int64(), "float64": pa.float64()}
    return pa.table({name: pa.array([row[name] for row in rows], types[kind]) for name, kind in schema().items()})


def _names(parameters: Parameters) -> list[str]:
    return [name for name, _ in parameters.classes]


def _row(number: int, parameters: Parameters) -> dict[str, float]:
    return {
        "category": number,
        **{name.removesuffix("_kmh") + "_mms": mms(getattr(parameters, name)) for name in _SPEEDS},
        "same_manoeuvre_us": margin_us(parameters, EventType.HARSH_BRAKING),
        "same_episode_us": margin_us(parameters, EventType.SPEEDING),
        "alarm_around_us": SECOND_US * round(parameters.same_manoeuvre_s),
        "speeding_at_least_us": parameters.speeding_at_least_s * SECOND_US,
        "manoeuvre_at_least_us": parameters.manoeuvre_at_least_s * SECOND_US,
        **{name: getattr(parameters, name) for name in _numbers()},
    }
