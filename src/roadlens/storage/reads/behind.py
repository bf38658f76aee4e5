"""What is behind a driver's latest score: the days of its window, and of each factor the trips and events it came from.

It is SQL that `risk` puts into its one statement, and `reasons` for driver after driver. A driver's trips of the window
are read once, by the index of a driver's trips; events are read from a few of them. Other drivers, and what came before
the window, are not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from roadlens.storage.sums import COUNTS

# Of each factor, so that an answer stays small whatever was driven.
MOST_BEHIND: Final = 10

# What each factor is an amount of, as trips and days have it.
AMOUNTS: Final = {**{name: name for name in COUNTS}, "speeding_share": "speeding_m", "night_share": "night_m"}

_SUMS = ", ".join(f"sum({column})::int AS {column}" for column in AMOUNTS.values())
_SOME = " OR ".join(f"{column} > 0" for column in AMOUNTS.values())


def _each(names: tuple[str, ...], columns: str, order: str, most: int = MOST_BEHIND) -> str:
    """Of each factor the first trips in that order that have something of it, at most so many."""
    return " UNION ALL ".join(
        f"(SELECT '{name}' AS factor, {columns.format(AMOUNTS[name])} FROM driven "
        f"WHERE {AMOUNTS[name]} > 0 ORDER BY {order.format(AMOUNTS[name])} LIMIT {most})"
        for name in names
    )


# After `latest`: the driver's latest row of `risk_scores` with `first_day` of its window and that day's first moment.
def _driven(most: int) -> str:
    return f"""
exposure AS (
    SELECT count(*)::int AS driven_days, sum(trips)::int AS trips, {_SUMS}
    FROM latest JOIN driver_day ON driver_day.driver_id = latest.driver_id
        AND driver_day.day BETWEEN first_day AND latest.day
), driven AS MATERIALIZED (
    SELECT trip_id, started_at, trips.day, trips.distance_m, {", ".join(AMOUNTS.values())}
    FROM latest JOIN trips ON trips.driver_id = latest.driver_id
        AND trip_id >= first_trip
    WHERE risk_score IS NOT NULL AND ({_SOME})
), most AS (
    {_each(tuple(AMOUNTS), "trip_id, started_at, day, distance_m, {} AS amount", "{} DESC, trip_id DESC", most)}
)"""


# Reasons name one trip of a factor, and no event.
BEHIND_REASONS: Final = _driven(most=1)

# Events are those of the newest trips that have any of their type, so that rare ones are found as fast as others.
BEHIND: Final = f"""{_driven(MOST_BEHIND)}, newest AS (
    {_each(COUNTS, "trip_id", "trip_id DESC")}
), happened AS (
    SELECT event_id, trip_id, event_type, source, occurred_at, nullif(severity, 'NaN') AS severity, confidence, state,
        row_number() OVER (PARTITION BY event_type ORDER BY event_id DESC) AS place
    FROM newest JOIN safety_events USING (trip_id) WHERE event_type = factor AND state <> 'dismissed'
)"""

TRIPS_BEHIND: Final = "(SELECT json_agg(most ORDER BY amount DESC, trip_id DESC) FROM most)"
EVENTS_BEHIND: Final = f"(SELECT json_agg(happened ORDER BY event_id DESC) FROM happened WHERE place <= {MOST_BEHIND})"


@dataclass(frozen=True, slots=True, kw_only=True)
class TripBehind:
    """A trip and how much of a factor comes from it: events, or metres. Distance in metres."""

    factor: str
    trip_id: UUID
    started_at: datetime
    day: date
    distance_m: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBehind:
    """Severity in m/s², or for speeding in km/h over the limit; None where nobody measured it."""

    event_id: UUID
    trip_id: UUID
    event_type: str
    source: str
    occurred_at: datetime
    severity: float | None
    confidence: float
    state: str
