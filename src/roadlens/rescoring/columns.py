"""The fixes of one trip as the columns that the rules read, computed by the functions that are live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from roadlens.rescoring.expressions import FIXES
from roadlens.scoring.parameters import Parameters
from roadlens.storage.binary import Positions
from roadlens.telemetry.seconds import seconds
from roadlens.telemetry.sums import hours
from roadlens.telemetry.track import Track
from roadlens.telemetry.work import Rules

Columns = dict[str, npt.NDArray[Any]]

_TYPES: dict[str, type[np.generic]] = {"int64": np.int64, "float64": np.float64, "boolean": np.bool_}


def columns(rules: Rules, parameters: Parameters, number: int, category: int, fixes: Positions) -> Columns:
    """A row for each second, and one for each fix between them that carries an alarm.

    Args:
        rules: of the version; its time zone says what is night.
        parameters: of the vehicle's class.
        number: the trip's.
        category: the number of its class.
        fixes: the trip's, one a moment.

    Returns:
        Arrays of one length by the names of `FIXES`; those that say nothing about a fix between rows are 0 there, but
        `row`, which is -1.
    """
    track = Track(parameters, fixes)
    rows = seconds(track)
    began_us = np.concatenate((rows.at_us[:1], rows.at_us[:-1]))
    night, rush_hour, _ = hours(parameters, began_us, rules.zone)
    kept = fixes["alarms"] != 0
    kept[rows.index] = True
    chosen = np.flatnonzero(kept)
    told = fixes[chosen]
    made: Mapping[str, Any] = {
        "row": np.arange(len(rows.index)),
        "speed_mms": rows.speed_mms,
        "east_mms": rows.east_mms,
        "north_mms": rows.north_mms,
        "course_known": rows.course_known,
        "limit_mms": rows.limit_mms,
        "step_mm": rows.step_mm,
        "left_out": rows.left_out,
        "segment": rows.segment,
        "night": night,
        "rush_hour": rush_hour,
    }
    places = np.searchsorted(chosen, rows.index)
    return {
        "trip": np.full(len(chosen), number),
        "category": np.full(len(chosen), category),
        "at_us": told["fix_time"],
        "latitude": told["latitude"],
        "longitude": told["longitude"],
        "speed_kmh": told["speed_kmh"].astype(np.float64),
        "alarms": told["alarms"].astype(np.int64),
        **{name: _spread(name, values, places, len(chosen)) for name, values in made.items()},
    }


def _spread(name: str, values: Any, places: npt.NDArray[np.intp], length: int) -> npt.NDArray[Any]:
    spread: npt.NDArray[Any] = np.full(length, -1 if name == "row" else 0, dtype=_TYPES[FIXES[name]])
    spread[places] = values
    return spread


def empty() -> Columns:
    """No rows."""
    return {name: np.zeros(0, dtype=_TYPES[kind]) for name, kind in FIXES.items()}
