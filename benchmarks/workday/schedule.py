"""Who asks what at which second of a working day: drawn from a seed, in the day's own time. Asks nobody itself.

Fifty administrators have the dashboard open, which asks for its five parts every 30 seconds. Beside that each of them
looks things up: half a dozen pages within a minute or two, then nothing for some eight minutes. One request of a
hundred is an edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

import numpy as np

from roadlens.domain import EVENT_TYPES
from roadlens.telemetry.demo.names import FIRST_NAMES, LAST_NAMES

ADMINISTRATORS = 50
HOURS = 8
DAY_S = HOURS * 3600
POLL_S = 30
EDITS = 0.01

ADMIN = "/api/v1/admin"
DASHBOARD = {
    "summary": "dashboard/summary",
    "trip activity": "dashboard/trip-activity?days=7",
    "risk distribution": "dashboard/risk-distribution",
    "safety events": "dashboard/safety-events",
    "stats": "dashboard/stats",
}
PAGE = 100

# Seconds. Who comes and who goes does so within the first and the last of these, and eats in between.
_COMING, _LUNCH, _LUNCH_FROM = 1200, 2400, (3.5 * 3600, 5 * 3600)
_NOTHING_TO_DO, _READING, _TYPING = 480.0, 12.0, 20.0
_PAGES = 5

# Half of all looks at a driver are at these, the first of them most: whom the lists show and colleagues talk about.
_TALKED_ABOUT = 200

# What a look begins with, and how often.
_LISTS = {
    "drivers": 0.3,
    "by risk": 0.2,
    "high risk": 0.15,
    "search": 0.2,
    "events": 0.1,
    "trips": 0.03,
    "vehicles": 0.02,
}


class Ask(NamedTuple):
    """One request.

    Attributes:
        at: seconds since the day began.
        who: number of the administrator.
        what: the endpoint, in a word.
        path: with its query string.
        change: what an edit sends; None where something is read.
    """

    at: float
    who: int
    what: str
    path: str
    change: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to ask about: drivers and vehicles are numbered from 1, trips named.

    Attributes:
        stamp: a number that is another in each replay: an edit that changes nothing would make nothing stale.
    """

    drivers: int
    vehicles: int
    trips: Sequence[str]
    stamp: int = 0


def working_day(known: Known, seed: int, busy: float = 1.0, edits: float = EDITS) -> list[Ask]:
    """All requests of a day in order; the same seed and portfolio give the same.

    Args:
        busy: how many times as often somebody looks something up.
        edits: share of all requests.
    """
    chance = np.random.default_rng(seed)
    asked: list[Ask] = []
    for who in range(ADMINISTRATORS):
        coming, going = chance.uniform(0, _COMING), DAY_S - chance.uniform(0, _COMING)
        lunch = chance.uniform(*_LUNCH_FROM)
        for begin, end in ((coming, lunch), (lunch + _LUNCH, going)):
            asked += _polls(who, begin, end)
            asked += _Administrator(who, known, chance, _NOTHING_TO_DO / busy).work(begin, end)
    asked += _edits(asked, edits, known, chance)
    return sorted(asked, key=lambda ask: ask.at)


def window(day: Sequence[Ask], begin: float, end: float) -> list[Ask]:
    """What is asked between two seconds of a day, counted from the first of them."""
    return [ask._replace(at=ask.at - begin) for ask in day if begin <= ask.at < end]


def _polls(who: int, begin: float, end: float) -> Iterator[Ask]:
    for moment in np.arange(begin, end, POLL_S).tolist():
        for what, path in DASHBOARD.items():
            yield Ask(moment, who, what, f"{ADMIN}/{path}")


class _Administrator:
    """Somebody who looks things up."""

    def __init__(self, who: int, known: Known, chance: np.random.Generator, idle: float) -> None:
        """Args: `idle` is the mean time between two rounds of looking things up, seconds."""
        self._who, self._known, self._chance, self._idle = who, known, chance, idle
        # Zipf's law.
        weights = 1 / np.arange(1, _TALKED_ABOUT + 1)
        self._share = weights / weights.sum()

    def work(self, begin: float, end: float) -> Iterator[Ask]:
        moment = begin + self._chance.exponential(self._idle)
        while moment < end:
            what, path = self._list()
            skip = 0
            yield Ask(moment, self._who, what, path)
            for _ in range(self._chance.poisson(_PAGES)):
                moment += 3 + self._chance.exponential(_READING)
                turn = self._chance.random()
                if turn < 0.5:
                    yield from self._driver(moment)
                    continue
                if turn < 0.6:
                    yield Ask(moment, self._who, "a trip", f"{ADMIN}/trips/{self._chance.choice(self._known.trips)}")
                    continue
                if turn < 0.75 and what.startswith("drivers"):
                    skip += PAGE
                elif turn > 0.85:
                    (what, path), skip = self._list(), 0
                yield Ask(moment, self._who, what, f"{path}&skip={skip}" if skip else path)
            moment += self._chance.exponential(self._idle)

    def _driver(self, moment: float) -> Iterator[Ask]:
        """The page of one driver: four requests at once."""
        path = f"{ADMIN}/drivers/{driver_id(self._number())}"
        yield Ask(moment, self._who, "a driver", path)
        yield Ask(moment, self._who, "a driver's risk", f"{path}/risk")
        yield Ask(moment, self._who, "a driver's statistics", f"{path}/statistics?period_days=30")
        yield Ask(moment, self._who, "a driver's trips", f"{path}/trips?limit=25")

    def _number(self) -> int:
        if self._chance.random() < 0.5:
            rank = int(self._chance.choice(_TALKED_ABOUT, p=self._share))
            return 1 + rank * self._known.drivers // _TALKED_ABOUT
        return 1 + int(self._chance.integers(self._known.drivers))

    def _list(self) -> tuple[str, str]:
        kind = str(self._chance.choice(list(_LISTS), p=list(_LISTS.values())))
        drivers = f"{ADMIN}/drivers?limit={PAGE}"
        if kind == "search":
            return "drivers, searched", f"{drivers}&search={self._term()}"
        if kind == "events":
            # Half of those who look want one kind of them.
            types = ["", *(f"&event_type={each}" for each in EVENT_TYPES)]
            return "events", f"{ADMIN}/events?limit={PAGE}{types[max(0, int(self._chance.integers(-5, 6)))]}"
        return {
            "drivers": ("drivers", drivers),
            "by risk": ("drivers", f"{drivers}&sort=risk"),
            "high risk": ("drivers", f"{drivers}&risk_level=high"),
            "trips": ("trips", f"{ADMIN}/trips?limit={PAGE}"),
            "vehicles": ("vehicles", f"{ADMIN}/vehicles?limit={PAGE}"),
        }[kind]

    def _term(self) -> str:
        """An id, a last name, or the beginning of an address."""
        first, last = str(self._chance.choice(FIRST_NAMES)).lower(), str(self._chance.choice(LAST_NAMES)).lower()
        return quote([driver_id(self._number()), last, f"{first}.{last}"][int(self._chance.integers(3))])


def _edits(asked: Sequence[Ask], share: float, known: Known, chance: np.random.Generator) -> Iterator[Ask]:
    """Some of those who look at a driver change a telephone number a while later, or a vehicle, and look again."""
    looks = [ask for ask in asked if ask.what == "a driver"]
    # Each edit brings another read with it.
    wanted = round(len(asked) * share / (1 - 2 * share))
    for number, place in enumerate(chance.choice(len(looks), min(wanted, len(looks)), replace=False).tolist()):
        look = looks[place]
        moment = look.at + chance.exponential(_TYPING)
        if number % 5:
            yield Ask(moment, look.who, "edit", look.path, {"phone": f"+1 {known.stamp:06} {number:04}"})
        else:
            vehicle = f"{ADMIN}/vehicles/VEH-{1 + int(chance.integers(known.vehicles)):04}"
            yield Ask(moment, look.who, "edit", vehicle, {"plate": f"{known.stamp:06}-{number:04}"})
        yield Ask(moment + 0.5, look.who, "a driver", look.path)


def driver_id(number: int) -> str:
    return f"DRV-{number:04}"
