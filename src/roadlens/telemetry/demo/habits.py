"""How people of the demonstration fleet drive: when and where to (habits), and how wildly (style)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from roadlens.domain import EVENT_TYPES, EventType
from roadlens.telemetry.demo.chance import Keys, normal, uniform

HOME, WORK, SHOP, SCHOOL, GYM, FRIEND, FAR = range(7)
_ANYWHERE = tuple(range(7, 13))  # six more addresses, of customers
_FIRST_THIRD, _SECOND_THIRD, _LAST_THIRD = _ANYWHERE[:2], _ANYWHERE[2:4], _ANYWHERE[4:]
ADDRESSES = 13


@dataclass(frozen=True, slots=True)
class Tour:
    """From home to the stops and home again.

    Attributes:
        stops: at each stop one of these addresses.
        leaves: hour of the day; 26 is two in the morning after.
        weekday, weekend: how likely on such a day.
        stay_min: minutes at each stop.
        spread_min: standard deviation of the leaving time and of half the stay.
    """

    stops: tuple[tuple[int, ...], ...]
    leaves: float
    weekday: float
    weekend: float
    stay_min: float
    spread_min: float = 20


class Habit(NamedTuple):
    """A kind of week, its tours in the order of the day.

    Attributes:
        share: of the fleet.
        wild: whether wild drivers have it: those who are young, or out at night, or in a hurry by trade.
        ends: hour at which a day is over at the latest, before the next one's first tour can begin.
    """

    name: str
    share: float
    wild: bool
    ends: float
    tours: tuple[Tour, ...]


def _round(leaves: float, weekday: float, weekend: float, spread_min: float = 20) -> Tour:
    """From customer to customer."""
    return Tour((_FIRST_THIRD, _SECOND_THIRD, _LAST_THIRD), leaves, weekday, weekend, 7, spread_min)


_EVENING = Tour(((FRIEND,),), 19.6, 0.07, 0.22, 150, 45)
_NIGHT_OUT = Tour(((FRIEND, *_FIRST_THIRD), (GYM, *_SECOND_THIRD)), 22.1, 0.3, 0.6, 60, 35)
_TRIP = Tour(((FAR,),), 9.8, 0.0, 0.07, 230, 50)
_GROCERIES = Tour(((SHOP,), (GYM, FRIEND)), 11.0, 0.03, 0.22, 40, 45)

HABITS = (
    Habit("commuter", 0.43, False, 28.5, (Tour(((WORK,),), 7.4, 0.62, 0.03, 510, 25), _TRIP, _GROCERIES, _EVENING)),
    Habit(
        "parent",
        0.16,
        False,
        28.5,
        (
            Tour(((SCHOOL,), (SHOP,)), 7.6, 0.45, 0.0, 14, 8),
            _TRIP,
            _GROCERIES,
            Tour(((SCHOOL,), (GYM,)), 15.2, 0.45, 0.0, 14, 10),
        ),
    ),
    Habit("courier", 0.08, True, 28.5, (_round(8.3, 0.5, 0.1), _round(13.4, 0.5, 0.05), _EVENING)),
    Habit(
        "field service", 0.09, False, 28.5, (Tour(((FAR,), (FRIEND,)), 7.1, 0.38, 0.0, 150, 35), _GROCERIES, _EVENING)
    ),
    Habit("night owl", 0.04, True, 30.0, (Tour(((WORK,),), 9.6, 0.4, 0.1, 480, 30), _NIGHT_OUT)),
    Habit(
        "night shift",
        0.04,
        True,
        34.0,
        (Tour(((SHOP,),), 15.5, 0.12, 0.2, 40, 60), Tour(((WORK,),), 22.2, 0.6, 0.25, 390, 10)),
    ),
    Habit(
        "night taxi",
        0.03,
        True,
        32.0,
        (_round(19.0, 0.3, 0.3), _round(21.8, 0.4, 0.45), _round(24.1, 0.4, 0.5, 12), _round(26.4, 0.3, 0.4)),
    ),
    Habit("retired", 0.08, False, 28.5, (_TRIP, Tour(((SHOP, GYM),), 10.4, 0.35, 0.15, 45, 40), _EVENING)),
    Habit("seldom", 0.03, False, 28.5, (Tour(((SHOP,),), 11.5, 0.035, 0.05, 35, 60),)),
    Habit("not yet", 0.02, False, 28.5, ()),
)


@dataclass(frozen=True, slots=True)
class Style:
    """How often something happens, by event type as a multiple of the portfolio's mean; `haste` is 0 (calm) to 1."""

    relative: dict[EventType, float]
    haste: float
    wild: bool


def habit_of(quantile: float, style: Style) -> Habit:
    """The habit at a quantile, 0 to 1, of those who have this style."""
    habits = [habit for habit in HABITS if habit.wild or not style.wild]
    ends = np.cumsum([habit.share for habit in habits])
    return habits[min(int(np.searchsorted(ends, quantile * ends[-1], side="right")), len(habits) - 1)]


# Quantile of the fleet, and how many times the portfolio's mean a driver there has of every kind of event.
_WILD = 0.945
_QUANTILES = (0.0, 0.40, 0.575, 0.62, 0.93, _WILD, 1.0)
_MULTIPLES = (0.05, 0.16, 0.36, 1.7, 2.1, 8.8, 10.4)


def style_of(quantile: float, key: Keys) -> Style:
    """The style at a quantile of the fleet: most are calm, some are hasty, few are wild; each in a way of their own."""
    multiple = float(np.interp(quantile, _QUANTILES, _MULTIPLES))
    relative = {kind: multiple * float(np.exp(0.3 * normal(key, f"taste for {kind}")[0])) for kind in EVENT_TYPES}
    if uniform(key, "on the phone")[0] < 0.08:
        relative[EventType.PHONE_USE] = 2 * relative[EventType.PHONE_USE] + 1
    if uniform(key, "fast but careful")[0] < 0.06:
        relative[EventType.SPEEDING] = 2 * relative[EventType.SPEEDING] + 1.5
    return Style(relative, float(np.interp(quantile, (0, 0.7, 1), (0, 0.4, 1))), quantile >= _WILD)
