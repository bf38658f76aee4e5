"""What a question is about, and what an answer says: the same words for every way of answering."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from roadlens.storage.database import ReadSession

# What an answer says, by name; scores to two digits, kilometres to three.
Fact = int | float | str | None
Facts = dict[str, Fact]

ACTIVITY_DAYS, EVENT_DAYS, PAGE = 7, 30, 100


@dataclass(frozen=True, slots=True)
class Asked:
    """The driver whose details are asked for, and the day on which all is asked (portfolios have days in UTC)."""

    driver_id: str
    today: date

    @property
    def activity(self) -> list[date]:
        """The days of the trip activity, oldest first."""
        return [self.today - timedelta(days=ago) for ago in reversed(range(ACTIVITY_DAYS))]

    @property
    def events_since(self) -> datetime:
        """The midnight with which the days of the safety events begin."""
        return datetime.combine(self.today - timedelta(days=EVENT_DAYS - 1), time(), UTC)


Way = Callable[[ReadSession, Asked], Awaitable[Facts]]


def score(value: Decimal | float | str | None) -> float | None:
    return None if value is None else round(float(value), 2)


def kilometres(metres: Decimal | int) -> float:
    return float(metres) / 1000
