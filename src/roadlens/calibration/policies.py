"""Puts to each period of claims what the score said before it began. Nothing driven in a period is looked at."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from roadlens.calibration.claims import DAYS_A_YEAR, Period
from roadlens.scoring.premium import ANNUAL_DISTANCE, Observed
from roadlens.storage.database import ReadSession
from roadlens.storage.reads import calibration
from roadlens.storage.reads.calibration import ScoreBefore

# Who has not driven for longer is somebody of whom the score does not know how they drive now.
OLDEST_SCORE = timedelta(days=366)

# Credible rates are stored in four decimals: what is rounded to none of them is no more than half the last.
_LEAST = 0.00005


class LeftOut(StrEnum):
    """Why a line of the file is not used."""

    UNREADABLE = "not readable"
    UNKNOWN_DRIVER = "unknown driver"
    NOT_OVER = "period not over yet, so that claims are missing"
    OVERLAP = "overlaps an earlier period of the driver"
    NO_SCORE = "no score of this version before the period"
    OLD_SCORE = "last score more than a year before the period"
    OTHER_FACTORS = "score of other factors"


class Policy(NamedTuple):
    """A period with what was known of its driver when it began."""

    period: Period
    level: str
    score: float
    factors: Mapping[str, Observed]


async def policies(
    session: ReadSession, periods: Sequence[Period], version: int, *, window_days: float, today: date
) -> tuple[list[Policy], Counter[LeftOut]]:
    """The periods that can be used, and how many cannot for which reason."""
    left_out: Counter[LeftOut] = Counter()
    wanted = list(_usable(periods, today, left_out))
    found: list[Policy] = []
    asked = ([period.driver_id for period in wanted], [period.first for period in wanted])
    async with aclosing(calibration.before(session, *asked, version)) as scores:
        async for batch in scores:
            for score in batch:
                period = wanted[score.place - 1]
                if (why := _objection(period, score)) is not None:
                    left_out[why] += 1
                    continue
                assert score.risk_level is not None
                assert score.risk_score is not None
                found.append(Policy(period, score.risk_level, score.risk_score, observed(score, window_days)))
    return list(_alike(found, left_out)), left_out


def observed(score: ScoreBefore, window_days: float) -> dict[str, Observed]:
    """What a score holds of each factor, and how far its driver drives in a year."""
    factors = {factor["factor"]: _observed(factor) for factor in score.factors or []}
    kilometres = (score.distance_m or 0) / 1000 * DAYS_A_YEAR / window_days
    # Nobody knows a mean to compare it with before all are there.
    factors[ANNUAL_DISTANCE] = Observed("Distance a year", "km", kilometres, kilometres, 1.0)
    return factors


def _observed(factor: Mapping[str, Any]) -> Observed:
    return Observed(
        label=sys.intern(factor["label"]),  # the same words for everybody, a hundred thousand times
        unit=sys.intern(factor["unit"]),
        observed=factor["observed"],
        credible=max(factor["credible"], _LEAST),
        expected=factor["expected"],
    )


def _usable(periods: Iterable[Period], today: date, left_out: Counter[LeftOut]) -> Iterator[Period]:
    """Periods that are over, and of each driver none that overlaps one which began before it."""
    until: dict[str, date] = {}
    for period in sorted(periods, key=lambda each: (each.driver_id, each.first, each.line)):
        if period.until > today:
            left_out[LeftOut.NOT_OVER] += 1
        elif period.first < until.get(period.driver_id, date.min):
            left_out[LeftOut.OVERLAP] += 1
        else:
            until[period.driver_id] = period.until
            yield period


def _objection(period: Period, score: ScoreBefore) -> LeftOut | None:
    if not score.known:
        return LeftOut.UNKNOWN_DRIVER
    if score.day is None or score.risk_score is None:
        return LeftOut.NO_SCORE
    return LeftOut.OLD_SCORE if period.first - score.day > OLDEST_SCORE else None


def _alike(found: Iterable[Policy], left_out: Counter[LeftOut]) -> Iterator[Policy]:
    """Those whose score has the factors that most have: a version has one set, unless somebody wrote it by hand."""
    kept = list(found)
    sets = Counter(frozenset(policy.factors) for policy in kept)
    usual = sets.most_common(1)[0][0] if sets else frozenset()
    for policy in kept:
        if policy.factors.keys() == usual:
            yield policy
        else:
            left_out[LeftOut.OTHER_FACTORS] += 1
