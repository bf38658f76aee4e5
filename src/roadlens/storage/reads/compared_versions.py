"""Two versions side by side: drivers' latest scores, trips and events as each has them.

Of the active version that is what is live; of any other what a rebuild has left beside it. Each part is one statement
that goes over all drivers once.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, NamedTuple

from roadlens.domain import EVENT_TYPES
from roadlens.storage.cursor import Batches, batches
from roadlens.storage.database import ReadSession

# The latest score of each driver by a version: one look into an index a driver, not a sort of all days.
_LIVE: Final = """
SELECT driver_id, risk_score, risk_level, day, distance_m, factors FROM drivers CROSS JOIN LATERAL (
    SELECT risk_score, risk_level, day, distance_m, factors FROM risk_scores
    WHERE risk_scores.driver_id = drivers.driver_id ORDER BY day DESC LIMIT 1) AS latest
"""
_BESIDE: Final = """
SELECT driver_id, risk_score, risk_level, day, distance_m, factors FROM drivers CROSS JOIN LATERAL (
    SELECT risk_score, risk_level, day, distance_m, factors FROM rescored_risk
    WHERE rescored_risk.driver_id = drivers.driver_id AND score_version = {version}
    ORDER BY day DESC LIMIT 1) AS latest
"""

_BOTH = """
WITH one AS ({one}), other AS ({other})
SELECT driver_id, one.risk_score AS before, other.risk_score AS after, one.risk_level AS level_before,
    other.risk_level AS level_after, one.factors AS factors_before, other.factors AS factors_after
FROM one JOIN other USING (driver_id)
"""

_SUMMARY = """
WITH both_ways AS MATERIALIZED (SELECT driver_id, before, after, level_before, level_after FROM ({both}) AS compared),
changed AS (SELECT after - before AS change, before, after FROM both_ways WHERE num_nulls(before, after) = 0)
SELECT (SELECT json_agg(json_build_array(level_before, level_after, drivers)) FROM (
        SELECT level_before, level_after, count(*) AS drivers FROM both_ways GROUP BY 1, 2) AS matrix) AS matrix,
    (SELECT json_agg(json_build_array(lower, drivers) ORDER BY lower) FROM (
        SELECT 5 * floor(change / 5)::int AS lower, count(*) AS drivers FROM changed WHERE change <> 0
        GROUP BY 1) AS spread) AS spread,
    count(*) AS drivers, count(*) FILTER (WHERE change = 0) AS unmoved,
    round(avg(before), 2) AS mean_before, round(avg(after), 2) AS mean_after,
    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY before)::numeric, 2) AS median_before,
    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY after)::numeric, 2) AS median_after
FROM changed
"""

_MOVERS = """
SELECT driver_id, before, after, factors_before, factors_after FROM ({both}) AS compared
WHERE before IS NOT NULL AND after IS NOT NULL AND after {sign} before
ORDER BY after - before {order}, driver_id LIMIT :most
"""

_LIVE_EVENTS = "SELECT event_type, count(*) FROM safety_events WHERE state <> 'dismissed' GROUP BY 1"
_EVENTS = """
SELECT event_type, count(*) FROM rescored_events WHERE state <> 'dismissed' AND score_version = :version GROUP BY 1
"""
_LIVE_TRIPS = "SELECT count(*) AS trips, round(avg(trip_score), 2) AS mean FROM trips"
_TRIPS = """
SELECT count(*) AS trips, round(avg(trip_score), 2) AS mean FROM rescored_trips WHERE score_version = :version
"""


class Compared(NamedTuple):
    """Drivers whom both versions score, by level and by change.

    Attributes:
        matrix: drivers by level before and after; a level is None below the minimum distance.
        spread: drivers by change of the score in steps of five points, each with its lower bound; without the unmoved.
    """

    matrix: dict[tuple[str | None, str | None], int]
    spread: list[tuple[int, int]]
    drivers: int
    unmoved: int
    mean_before: Decimal | None
    mean_after: Decimal | None
    median_before: Decimal | None
    median_after: Decimal | None


class Mover(NamedTuple):
    """A driver whose score changes much, and each factor's points before and after."""

    driver_id: str
    before: Decimal
    after: Decimal
    factors_before: list[dict[str, Any]]
    factors_after: list[dict[str, Any]]

    @property
    def change(self) -> Decimal:
        return self.after - self.before

    def strongest(self, most: int = 3) -> list[tuple[str, float]]:
        """The factors that move the score most, by label, with how many points each."""
        before = {factor["label"]: factor["points"] for factor in self.factors_before}
        after = {factor["label"]: factor["points"] for factor in self.factors_after}
        moved = {label: round(after.get(label, 0) - before.get(label, 0), 2) for label in before | after}
        ranked = sorted(moved.items(), key=lambda each: (-abs(each[1]), each[0]))
        return [each for each in ranked[:most] if each[1]]


class Side(NamedTuple):
    """One of the two. `live`: it is the active one."""

    version: int
    live: bool


class Driven(NamedTuple):
    """What a version makes of all trips: how many it has scored, their mean score, and events by type."""

    trips: int
    mean: Decimal | None
    events: dict[str, int]


class Line(NamedTuple):
    """A driver in both."""

    driver_id: str
    before: Decimal | None
    after: Decimal | None
    level_before: str | None
    level_after: str | None


async def summary(session: ReadSession, one: Side, other: Side) -> Compared:
    """All drivers whom both versions score, summed up."""

    def compared(matrix: Any, spread: Any, **numbers: Any) -> Compared:
        levels = {(before, after): drivers for before, after, drivers in matrix or []}
        return Compared(levels, [(lower, drivers) for lower, drivers in spread or []], **numbers)

    found = await session.row(_SUMMARY.format(both=_both(one, other)), compared)
    assert found is not None
    return found


async def movers(session: ReadSession, one: Side, other: Side, most: int, *, up: bool) -> list[Mover]:
    """The drivers whose scores rise most, or fall most."""
    statement = _MOVERS.format(both=_both(one, other), sign=">" if up else "<", order="DESC" if up else "ASC")
    return await session.rows(statement, Mover, {"most": most})


async def driven(session: ReadSession, side: Side) -> Driven:
    """Trips and events as a version has them; what is dismissed counts for neither."""
    parameters = None if side.live else {"version": side.version}
    ((trips, mean),) = await session.tuples(_LIVE_TRIPS if side.live else _TRIPS, parameters)
    events = dict(await session.tuples(_LIVE_EVENTS if side.live else _EVENTS, parameters))
    return Driven(trips, mean, {kind.value: events.get(kind.value, 0) for kind in EVENT_TYPES})


def lines(session: ReadSession, one: Side, other: Side) -> Batches[Line]:
    """Every driver whom both versions score, by id."""
    statement = (
        "SELECT driver_id, before, after, level_before, level_after FROM ({both}) AS compared ORDER BY driver_id"
    )
    return batches(session, statement.format(both=_both(one, other)), Line, {})


def _both(one: Side, other: Side) -> str:
    return _BOTH.format(one=_latest(one), other=_latest(other))


def _latest(side: Side) -> str:
    # A whole number of ours; the statement has two of them, and none is anybody's text.
    return _LIVE if side.live else _BESIDE.format(version=int(side.version))
