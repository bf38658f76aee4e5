"""What each driver of a generated portfolio is like, as arrays: how much they drive, on which days, and how wildly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from roadlens.domain import EVENT_TYPES
from roadlens.telemetry.demo.drives import Days
from roadlens.telemetry.demo.roads import CITIES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
Bools = npt.NDArray[np.bool_]

# As long as the risk score's window. A driver has about ten driven days in it, and so ten risk scores.
DAYS = 90
_DRIVEN_DAYS = 10
_MOST_TRIPS_A_DAY = 40
MOST_TRIPS_PER_DRIVER = 1000

# Times the mean: most drive little, few a lot, nobody more than this.
_ACTIVITY_SPREAD, _MOST_ACTIVE = 0.7, 3.0
_NEVER_DRIVES = 0.02

# Quantiles of the portfolio, and how often something happens there, times its mean.
_QUANTILES = (0.0, 0.40, 0.62, 0.93, 0.945, 1.0)
_MULTIPLES = (0.05, 0.25, 1.0, 1.8, 9.0, 14.0)
_WILD_FROM = 0.94
_TASTE = 0.3

# Share of drivers who are on the road in these hours: by day, until late, around the clock.
_SHIFTS = (0.8, 0.92, 1.0)
_SHIFT_HOURS = np.array(((6.2, 21.0), (11.0, 23.9), (0.0, 24.0)))

_TWO_VEHICLES, _MOVES = 0.12, 0.06
_WEEKENDS_LESS = 1.6


class Plan(NamedTuple):
    """What identifies a portfolio. It has `drivers` x `trips_per_driver` trips, unevenly spread over the drivers."""

    drivers: int
    trips_per_driver: int
    seed: int


@dataclass(frozen=True, slots=True)
class Traits:
    """Arrays with a row for each of n drivers.

    Attributes:
        trips: on each day, shape (n, DAYS).
        hours: from and until which hour of the day they drive, shape (n, 2).
        relative: events of each type, times the portfolio's mean, shape (n, 5).
        haste: 0 (calm) to 1.
        wild: whether they are of the few with most events.
        city: index in CITIES.
        home: latitude and longitude, degrees, shape (n, 2).
        interval_s: between two positions.
        warns: whether the device reports events itself.
        two: whether they have two vehicles at a time, each with a device.
        moved_on: index of the day on which their device moved to another vehicle; DAYS if it did not.
    """

    trips: npt.NDArray[np.uint8]
    hours: Floats
    relative: Floats
    haste: Floats
    wild: Bools
    city: Ints
    home: Floats
    interval_s: Ints
    warns: Bools
    two: Bools
    moved_on: Ints

    def __len__(self) -> int:
        return len(self.trips)


def draw(plan: Plan, days: Days) -> Traits:
    """The drivers of a plan: the same plan and the same days give the same drivers."""
    chance = np.random.default_rng((plan.seed, 0))
    n = plan.drivers
    quantile = (np.arange(n) * 0.7548776662466927 + chance.random()) % 1  # evenly spread, also over few drivers
    multiple = np.interp(quantile, _QUANTILES, _MULTIPLES)
    city = chance.integers(0, len(CITIES), n)
    centre = np.array([(city.latitude, city.longitude) for city in CITIES])
    two = chance.random(n) < _TWO_VEHICLES
    moves = ~two & (chance.random(n) < _MOVES)
    return Traits(
        trips=_calendar(chance, plan, days),
        hours=_SHIFT_HOURS[
            np.searchsorted(_SHIFTS, chance.random(n) ** np.where(quantile > _WILD_FROM, 0.3, 1.0), side="right")
        ],
        relative=multiple[:, None] * np.exp(_TASTE * chance.standard_normal((n, len(EVENT_TYPES)))),
        haste=np.asarray(quantile, dtype=np.float64),
        wild=np.asarray(quantile > _WILD_FROM),
        city=city,
        home=centre[city] + 0.05 * chance.standard_normal((n, 2)),
        interval_s=chance.choice((10, 15, 20, 30), n),
        warns=chance.random(n) < 0.3,
        two=two,
        moved_on=np.where(moves, chance.integers(DAYS // 3, DAYS, n), DAYS),
    )


def _calendar(chance: np.random.Generator, plan: Plan, days: Days) -> npt.NDArray[np.uint8]:
    """How many trips each driver makes on each day, shape (n, DAYS)."""
    total = _totals(chance, plan)
    a_day = max(1.0, plan.trips_per_driver / _DRIVEN_DAYS) * np.exp(0.35 * chance.standard_normal(plan.drivers))
    driven = np.clip(np.rint(total / a_day).astype(np.int64), -(-total // _MOST_TRIPS_A_DAY), np.minimum(total, DAYS))
    driven = np.maximum(driven, total > 0)
    least, more = np.divmod(total, np.maximum(driven, 1))
    luck = chance.random((plan.drivers, DAYS), dtype=np.float32) * np.where(days.weekend, _WEEKENDS_LESS, 1.0)
    rank = np.argsort(np.argsort(luck, axis=1), axis=1)
    trips = np.where(rank < driven[:, None], least[:, None] + (rank < more[:, None]), 0)
    return trips.astype(np.uint8)


def _totals(chance: np.random.Generator, plan: Plan) -> npt.NDArray[np.int64]:
    """Each driver's trips; they add up to the plan's exactly."""
    activity = np.exp(_ACTIVITY_SPREAD * chance.standard_normal(plan.drivers))
    activity = np.minimum(activity, _MOST_ACTIVE * activity.mean())
    activity[chance.random(plan.drivers) < _NEVER_DRIVES] = 0
    activity[0] = activity[0] or 1.0
    all_trips = plan.drivers * plan.trips_per_driver
    exact = activity / activity.sum() * all_trips
    total: npt.NDArray[np.int64] = exact.astype(np.int64)
    most_missed = np.argsort(total - exact, kind="stable")[: all_trips - int(total.sum())]
    total[most_missed] += 1
    return total
