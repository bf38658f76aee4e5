"""Every number that cutting, event derivation and scoring depend on, in one table with its unit and its source.

A set of values is a version: the database keeps each, one is active, and every score names the version that made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any, Self

from roadlens.errors import SetupError
from roadlens.scoring.stored import read_classes, read_numbers

FORMULA = "relativity-2"
# The formula of the first releases. Its versions run by its own rules (`telemetry.relativity_1`).
FORMULA_1 = "relativity-1"

# Sources that several rows share; docs/scoring.md gives them in full.
_FLEET_RULE = "fleet practice (Verizon Connect: 8, 11, 14 km/h per second are normal, moderate, severe braking)"
_DEVICE_RULE = "tracker defaults for passenger cars (Positrace: 0.20 g, 0.25 g, 0.30 g)"
_TUNED = "chosen on the labelled drives, see docs/scoring.md"
_PRECISION = "precision on the labelled drives, see docs/scoring.md"
_CREDIBILITY = "Bühlmann and Gisler 2005, ch. 2: gamma-Poisson credibility"
_DINGUS = "Dingus et al. 2016 (PNAS 113:2636), crash odds ratios of observed behaviour"
_SIMONS_MORTON = "Simons-Morton et al. 2012 (Am J Epidemiol 175:1075): event rates predict crashes"
_NIGHT = "Varghese and Shankar 2007 (NHTSA DOT HS 810 637): deaths per mile about three times those of daytime"
_OURS = "Roadlens's choice, explained in docs/scoring.md"


# What the default version has for classes of vehicles. Trucks and buses must be able to brake with 5.0 m/s² (UN
# Regulation 13, type 0 test), cars with 6.43 (UN Regulation 13-H): harsh is the same share of it. A loaded truck turns
# over at half of what a car needs, or less (Winkler et al. 2000): the lowest of the customary thresholds.
CLASSES = (
    ("bus", (("gps_braking_ms2", 2.33),)),
    ("truck", (("gps_braking_ms2", 2.33), ("gps_cornering_ms2", 2.0))),
)


def _row(value: float, unit: str, source: str) -> Any:
    return field(default=value, metadata={"unit": unit, "source": source, "since": FORMULA_1})


def _new(value: float, unit: str, source: str) -> Any:
    """A row that versions of `relativity-1` lack, and do not need."""
    return field(default=value, metadata={"unit": unit, "source": source, "since": FORMULA})


@dataclass(frozen=True, slots=True)
class Parameters:
    """The table. Each row's metadata holds its `unit`, its `source` and the formula that it came `since`.

    Attributes:
        formula: which rules derive and score: `FORMULA` or `FORMULA_1`.
        classes: by class of vehicle, in the order of their names, what holds there instead of the table's.
    """

    formula: str = FORMULA
    classes: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = ()

    # Cutting positions into trips.
    standing_below_kmh: float = _row(3.0, "km/h", _OURS)
    blip_below_kmh: float = _row(8, "km/h", _OURS)
    blip_shorter_than_s: float = _row(10, "s", _OURS)
    stop_ignition_off_s: float = _row(60, "s", _OURS)
    stop_ignition_unknown_s: float = _row(300, "s", "Traccar's default minimal parking duration")
    stop_ignition_on_s: float = _row(900, "s", _OURS)
    silence_standing_s: float = _row(120, "s", _OURS)
    silence_moving_s: float = _row(600, "s", _OURS)
    hole_factor: float = _row(5, "median intervals", _OURS)
    hole_at_least_s: float = _row(10, "s", _OURS)
    jump_above_kmh: float = _row(400, "km/h", _OURS)
    trip_at_least_m: float = _row(50, "m", _OURS)

    # Deriving events from positions.
    speed_trapezoid_up_to_s: float = _row(5, "s", _OURS)
    dense_interval_s: float = _row(2.5, "s", _OURS)
    hdop_at_most: float = _row(5, "hdop", _OURS)
    window_slack_s: float = _new(1.5, "s", _OURS)
    place_off_by_m: float = _new(15, "m", _OURS)
    frozen_at_least_m: float = _new(15, "m", _OURS)
    manoeuvre_hysteresis: float = _new(0.7, "of the threshold", _OURS)
    manoeuvre_at_least_s: float = _new(1, "s", _OURS)
    gps_bend_ms2: float = _new(1.2, "m/s²", _TUNED)
    gps_braking_ms2: float = _row(3.0, "m/s²", _FLEET_RULE)
    gps_braking_swing_ms2: float = _new(1.65, "m/s²", _TUNED)
    gps_braking_at_least_ms2: float = _new(0.8, "m/s²", _TUNED)
    gps_braking_from_kmh: float = _new(18, "km/h", _TUNED)
    gps_acceleration_ms2: float = _row(3.0, "m/s²", _DEVICE_RULE)
    gps_acceleration_swing_ms2: float = _new(1.9, "m/s²", _TUNED)
    gps_acceleration_at_least_ms2: float = _new(0.8, "m/s²", _TUNED)
    gps_acceleration_from_kmh: float = _new(28, "km/h", _TUNED)
    gps_start_ms2: float = _new(1.5, "m/s²", _TUNED)
    gps_start_stumble_kmh: float = _new(3.6, "km/h", _TUNED)
    gps_start_from_kmh: float = _new(1.8, "km/h", _TUNED)
    gps_cornering_ms2: float = _row(3.0, "m/s²", _DEVICE_RULE)
    gps_cornering_across_ms2: float = _new(0.98, "m/s²", _TUNED)
    gps_cornering_along_ms2: float = _new(1.23, "m/s²", _TUNED)
    cornering_speed_at_least_kmh: float = _row(5, "km/h", _OURS)
    speeding_tolerance_kmh: float = _row(8, "km/h", _OURS)
    speeding_at_least_s: float = _row(10, "s", _OURS)
    speed_at_most_kmh: float = _new(0, "km/h, 0 for none", "the administrator's rule, by class of vehicle")
    speed_limit_otherwise_kmh: float = _row(130, "km/h", _OURS)
    same_manoeuvre_s: float = _row(5, "s", "design: an alarm and a derivation within 5 s are one event")
    same_episode_s: float = _row(60, "s", _OURS)
    gps_confidence: float = _row(0.1, "0-1", "precision of relativity-1 on the labelled drives")
    gps_braking_confidence: float = _new(0.35, "0-1", _PRECISION)
    gps_acceleration_confidence: float = _new(0.5, "0-1", _PRECISION)
    gps_cornering_confidence: float = _new(0.6, "0-1", _PRECISION)
    gps_speeding_confidence: float = _row(0.8, "0-1", _OURS)
    device_confidence: float = _row(0.95, "0-1", _OURS)

    # The trip score: points taken off for one event in 10 km, and for driving the whole way above the limit.
    trip_harsh_braking: float = _row(8, "points", _SIMONS_MORTON)
    trip_rapid_acceleration: float = _row(6, "points", _SIMONS_MORTON)
    trip_harsh_cornering: float = _row(6, "points", _SIMONS_MORTON)
    trip_speeding: float = _row(8, "points", _DINGUS)
    trip_phone_use: float = _row(12, "points", _DINGUS)
    trip_speeding_share: float = _row(40, "points", _DINGUS)
    trip_distance_at_least_km: float = _row(10, "km", _OURS)

    # The risk score: each factor's greatest points (they add up to 100), and the portfolio's mean.
    risk_harsh_braking: float = _row(22, "points", _SIMONS_MORTON)
    risk_rapid_acceleration: float = _row(13, "points", _SIMONS_MORTON)
    risk_harsh_cornering: float = _row(13, "points", _SIMONS_MORTON)
    risk_speeding: float = _row(12, "points", _DINGUS)
    risk_speeding_share: float = _row(14, "points", _DINGUS)
    risk_phone_use: float = _row(16, "points", _DINGUS)
    risk_night_share: float = _row(10, "points", _NIGHT)
    prior_harsh_braking: float = _row(2.5, "events per 100 km", f"{_CREDIBILITY}; {_OURS}")
    prior_rapid_acceleration: float = _row(2.0, "events per 100 km", f"{_CREDIBILITY}; {_OURS}")
    prior_harsh_cornering: float = _row(3.0, "events per 100 km", f"{_CREDIBILITY}; {_OURS}")
    prior_speeding: float = _row(1.5, "events per 100 km", f"{_CREDIBILITY}; {_OURS}")
    prior_phone_use: float = _row(0.5, "events per 100 km", f"{_CREDIBILITY}; {_OURS}")
    prior_speeding_share: float = _row(0.03, "share of distance", f"{_CREDIBILITY}; {_OURS}")
    prior_night_share: float = _row(0.10, "share of distance", f"{_CREDIBILITY}; {_OURS}")
    prior_weight_km: float = _row(250, "km", f"{_CREDIBILITY}; {_OURS}")
    relativity_half: float = _row(2.0, "times the mean", _OURS)
    risk_distance_at_least_km: float = _row(50, "km", _OURS)
    risk_window_days: float = _row(90, "days", _OURS)

    # What counts as night and as rush hour, by the clock of the installation's time zone.
    night_from_hour: float = _row(22, "h", _NIGHT)
    night_until_hour: float = _row(5, "h", _NIGHT)
    morning_rush_from_hour: float = _row(7, "h", _OURS)
    morning_rush_until_hour: float = _row(9, "h", _OURS)
    evening_rush_from_hour: float = _row(16, "h", _OURS)
    evening_rush_until_hour: float = _row(19, "h", _OURS)

    def as_dict(self) -> dict[str, Any]:
        """The values by name, with the formula's name: what a version's row in the database holds."""
        classes = {name: dict(values) for name, values in self.classes}
        return {"formula": self.formula, **{row: getattr(self, row) for row in ROWS}, "classes": classes}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read a version back. What a newer program knows besides is passed over.

        Raises:
            SetupError: the row was made by another formula, or lacks a value, or one of them is none.
        """
        formula = stored.get("formula")
        if formula not in (FORMULA, FORMULA_1):
            raise SetupError(
                f"The active score version is of formula {formula!r}, this program has {FORMULA!r} and {FORMULA_1!r}: "
                "start the version of Roadlens that made it."
            )
        optional = {row.name for row in _rows() if row.metadata["since"] == FORMULA and formula == FORMULA_1}
        numbers = read_numbers(stored, ROWS, optional)
        return cls(formula=formula, classes=read_classes(stored.get("classes") or {}, BY_CLASS), **numbers)

    def for_class(self, category: str | None) -> Parameters:
        """What holds for vehicles of a class: the table, with what the class has of its own."""
        name = category.strip().lower() if category else ""
        return _of_class(self, name) if any(name == each for each, _ in self.classes) else self


@lru_cache(maxsize=256)
def _of_class(parameters: Parameters, name: str) -> Parameters:
    own: dict[str, Any] = dict(dict(parameters.classes)[name])
    return replace(parameters, **own)


def _rows() -> list[Any]:
    return [each for each in fields(Parameters) if "unit" in each.metadata]


# The names of the table's rows, in order; and those that a class of vehicle may have of its own: what is an event.
ROWS = tuple(row.name for row in _rows())
BY_CLASS = frozenset(
    name for name in ROWS if name.startswith(("gps_", "speed_at", "speed_limit", "speeding_", "cornering_speed_"))
)

DEFAULT = Parameters(classes=CLASSES)


def table() -> list[tuple[str, float, str, str]]:
    """The rows (name, value, unit, source) of the default version, for documentation."""
    return [(row.name, getattr(DEFAULT, row.name), row.metadata["unit"], row.metadata["source"]) for row in _rows()]
