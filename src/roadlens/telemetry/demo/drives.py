"""A driver's drives over some days: which tours, when, on which routes; and what the trackers reported of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

import numpy as np

from roadlens.domain import unix_microseconds
from roadlens.storage.binary import POSITION, Positions
from roadlens.telemetry.demo.chance import Floats, Keys, normal, uniform, within
from roadlens.telemetry.demo.habits import ADDRESSES, FAR, FRIEND, GYM, HOME, SCHOOL, SHOP, WORK, Habit, Style
from roadlens.telemetry.demo.motion import Ints, Motion, move
from roadlens.telemetry.demo.receiver import Receiver, report
from roadlens.telemetry.demo.roads import ARTERIAL_M, STREET_M, City, Point, Route, find_route
from roadlens.telemetry.track import Bools

# How far an address is from home, metres: at least, at most. Customers are anywhere in the city.
_DISTANCE_M = {
    WORK: (3_000, 14_000),
    SHOP: (1_200, 4_500),
    SCHOOL: (1_200, 4_500),
    GYM: (1_500, 6_000),
    FRIEND: (2_000, 11_000),
    FAR: (20_000, 55_000),
}
_CITY_M = 7_000
_SHORTEST_STAY_S, _PAUSE_S, _DAY_S = 240, 900, 86_400
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Days:
    """Calendar days in the installation's time zone, and when each begins, Unix seconds."""

    ordinals: Ints
    weekend: Bools
    midnights: Ints

    @classmethod
    def until(cls, last: datetime, count: int, zone: tzinfo) -> Days:
        """The `count` days that end with the one in which `last` lies."""
        today = last.astimezone(zone).date()
        days = [today - timedelta(days=back) for back in reversed(range(count))]
        return cls(
            np.array([day.toordinal() for day in days]),
            np.array([day.weekday() >= _SATURDAY for day in days]),
            np.array([_midnight(day, zone) for day in days]),
        )


@dataclass(frozen=True, slots=True)
class Motorist:
    """How somebody drives. `key` decides everything that chance does; `activity` scales how often they leave home.

    Attributes:
        weekend_vehicle: whether a second one, with a tracker of its own, is driven on Saturdays and Sundays.
    """

    key: Keys
    habit: Habit
    style: Style
    city: City
    receiver: Receiver
    weekend_vehicle: bool
    activity: float

    def drive(self, days: Days, until: datetime) -> tuple[Positions, Positions]:
        """The positions of all drives of these days that have ended by `until`: of the first and the second vehicle."""
        goes, tour_keys = self._tours(days)
        chosen = list(zip(*np.nonzero(goes), strict=True))
        legs, keys = self._legs(chosen, tour_keys)
        if not legs:
            return np.zeros(0, dtype=POSITION), np.zeros(0, dtype=POSITION)
        motion = move(legs, keys, self.style)
        departs, weekend = self._departures(days, chosen, tour_keys, motion)
        done = (departs > 0) & (departs + motion.total_s <= unix_microseconds(until) // 1_000_000)
        second = weekend & self.weekend_vehicle
        first_fixes, second_fixes = (
            report(motion, departs, done & which, self.receiver, self.style) for which in (~second, second)
        )
        return first_fixes, second_fixes

    def _tours(self, days: Days) -> tuple[Bools, Keys]:
        """Which tours happen, and their keys; both of shape (days, tours)."""
        tours = self.habit.tours
        keys = within(within(self.key, days.ordinals)[:, None], np.arange(len(tours))[None, :])
        weekday, weekend = np.array([[tour.weekday, tour.weekend] for tour in tours]).reshape(-1, 2).T
        likely = np.where(days.weekend[:, None], weekend, weekday) * self.activity
        return uniform(keys, "goes") < np.minimum(likely, 0.97), keys

    def _legs(self, chosen: Sequence[tuple[int, int]], tour_keys: Keys) -> tuple[list[Route], Keys]:
        """The routes of all chosen tours, one after the other, and the keys of the drives along them."""
        legs: list[Route] = []
        known: dict[tuple[int, int], Route] = {}
        keys = [np.zeros(0, dtype=np.uint64)]
        picks = [uniform(tour_keys, f"stop {number}") for number in range(3)]
        for day, number in chosen:
            stops = self.habit.tours[number].stops
            places = [choices[int(picks[at][day, number] * len(choices))] for at, choices in enumerate(stops)]
            for ends in pairwise([HOME, *places, HOME]):
                if ends not in known:
                    known[ends] = find_route(self.city, *map(self._address, ends))
                legs.append(known[ends])
            keys.append(within(tour_keys[day, number : number + 1], np.arange(len(stops) + 1)))
        return legs, np.concatenate(keys)

    def _departures(
        self, days: Days, chosen: Sequence[tuple[int, int]], tour_keys: Keys, motion: Motion
    ) -> tuple[Ints, Bools]:
        """When each drive begins, Unix seconds, or 0 for a tour there is no time for; and which are on a weekend."""
        late, longer = normal(tour_keys, "late"), normal(tour_keys, "longer")
        departs = np.zeros(len(motion.total_s), dtype=np.int64)
        weekend = np.zeros(len(motion.total_s), dtype=np.bool_)
        leg, free = 0, 0
        for day, number in chosen:
            tour, midnight = self.habit.tours[number], int(days.midnights[day])
            spread_s = tour.spread_min * 60
            wanted = midnight + int(tour.leaves * 3600 + spread_s * np.clip(late[day, number], -2.5, 2.5))
            stay = max(_SHORTEST_STAY_S, int(tour.stay_min * 60 + spread_s / 2 * np.clip(longer[day, number], -2, 2)))
            lasts = motion.total_s[leg : leg + len(tour.stops) + 1] + stay
            begins = max(wanted, free) + np.cumsum(lasts) - lasts
            home = int(begins[-1] + lasts[-1] - stay)
            if home <= midnight + self.habit.ends * 3600:
                departs[leg : leg + len(lasts)] = begins
                free = home + _PAUSE_S
            weekend[leg : leg + len(lasts)] = days.weekend[day]
            leg += len(lasts)
        return departs, weekend

    def _address(self, number: int) -> Point:
        keys = within(self.key, ADDRESSES + number)
        if number in _DISTANCE_M:
            (x, y), (near, far) = self._address(HOME), _DISTANCE_M[number]
        else:
            (x, y), (near, far) = (0.0, 0.0), (0, _CITY_M)
        radius, angle = float(uniform(keys, "radius", near, far)[0]), float(uniform(keys, "angle", 0, 2 * np.pi)[0])
        x, y = x + radius * np.cos(angle), y + radius * np.sin(angle)
        return _on_a_street(x, y, uniform(keys, "street"), uniform(keys, "number"))


def _on_a_street(x: float, y: float, street: Floats, number: Floats) -> Point:
    """An address near a point: on a street, and not at a corner with an arterial."""
    streets = int(ARTERIAL_M / STREET_M) - 1
    row = 1 + int(street[0] * streets)
    return (
        float(x // ARTERIAL_M * ARTERIAL_M + 120 + number[0] * (ARTERIAL_M - 240)),
        float(y // ARTERIAL_M * ARTERIAL_M + row * STREET_M),
    )


def _midnight(day: date, zone: tzinfo) -> int:
    return int(datetime.combine(day, time.min, zone).astimezone(UTC).timestamp())
