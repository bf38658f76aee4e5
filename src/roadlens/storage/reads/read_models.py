"""Recomputes every read model from the rows that it sums up, in one snapshot, and names each difference."""

from __future__ import annotations

from typing import Any, NamedTuple

from roadlens.domain import EVENT_TYPES
from roadlens.storage.database import ReadSession
from roadlens.storage.writes.read_models import DRIVER_DAY_COLUMNS, DRIVER_DAY_VALUES

_COUNTS = tuple(kind.value for kind in EVENT_TYPES)
_COUNT_LIST = ", ".join(_COUNTS)
_ALL_EVENTS = " + ".join(_COUNTS)
_COUNTED = ", ".join(f"count(*) FILTER (WHERE event_type = '{name}')::int AS {name}" for name in _COUNTS)
_MOST = 50


class Model(NamedTuple):
    """A read model: its name, how many of its first columns name a row, what it must hold, and what it holds."""

    name: str
    key: int
    expected: str
    stored: str


MODELS = (
    Model(
        "trips",
        1,
        f"""SELECT trip_id, {_COUNTED}
            FROM trips LEFT JOIN safety_events USING (trip_id) GROUP BY trip_id""",
        f"SELECT trip_id, {', '.join(f'{name}::int' for name in _COUNTS)} FROM trips",
    ),
    Model(
        "driver_day",
        2,
        f"SELECT {DRIVER_DAY_VALUES} FROM trips GROUP BY driver_id, day",
        f"SELECT {DRIVER_DAY_COLUMNS} FROM driver_day",
    ),
    Model(
        "driver_summary",
        1,
        f"""SELECT driver_id, coalesce(trips, 0)::int, coalesce(distance_m, 0)::bigint, coalesce(events, 0)::int,
                last_trip_at, risk_score, risk_level, day
            FROM drivers
            LEFT JOIN (
                SELECT driver_id, count(*) AS trips, sum(distance_m) AS distance_m, sum({_ALL_EVENTS}) AS events,
                    (array_agg(started_at ORDER BY trip_id DESC))[1] AS last_trip_at
                FROM trips GROUP BY driver_id
            ) AS driven USING (driver_id)
            LEFT JOIN (
                SELECT DISTINCT ON (driver_id) driver_id, risk_score, risk_level, day
                FROM risk_scores ORDER BY driver_id, day DESC
            ) AS latest USING (driver_id)""",
        """SELECT driver_id, trips, distance_m, events, last_trip_at, risk_score, risk_level, scored_day
           FROM driver_summary""",
    ),
    Model(
        "trip_day",
        1,
        f"""SELECT day, count(*), sum(trip_score), {", ".join(f"sum({name})" for name in _COUNTS)}
            FROM trips GROUP BY day""",
        f"""SELECT day, sum(trips), sum(score_sum), {", ".join(f"sum({name})" for name in _COUNTS)}
            FROM trip_day GROUP BY day HAVING sum(trips) <> 0 OR sum(score_sum) <> 0""",
    ),
    Model(
        "fleet_totals",
        0,
        f"""SELECT (SELECT count(*) FROM drivers), (SELECT count(*) FROM users), (SELECT count(*) FROM vehicles),
                (SELECT count(*) FROM devices), count(*), coalesce(sum({_ALL_EVENTS}), 0), coalesce(sum(distance_m), 0)
            FROM trips""",
        """SELECT sum(drivers), sum(users), sum(vehicles), sum(devices), sum(trips), sum(events), sum(distance_m)
           FROM fleet_totals""",
    ),
    Model(
        "risk_histogram",
        1,
        """SELECT ceil(risk_score)::smallint AS bucket, count(*), sum(risk_score)
           FROM driver_summary WHERE risk_score IS NOT NULL GROUP BY bucket""",
        """SELECT bucket, sum(drivers), sum(score_sum) FROM risk_histogram
           GROUP BY bucket HAVING sum(drivers) <> 0 OR sum(score_sum) <> 0""",
    ),
)

_COMPARE = """
WITH expected AS MATERIALIZED ({expected}), stored AS MATERIALIZED ({stored})
SELECT side, to_jsonb(found) FROM (
    SELECT 'expected' AS side, found FROM (SELECT * FROM expected EXCEPT SELECT * FROM stored) AS found
    UNION ALL
    SELECT 'stored', found FROM (SELECT * FROM stored EXCEPT SELECT * FROM expected) AS found
) AS both_ways LIMIT {most}
"""


class Difference(NamedTuple):
    """A row of a read model that is not what it must be; None where one side has no such row."""

    model: str
    row: str
    expected: dict[str, Any] | None
    stored: dict[str, Any] | None

    def __str__(self) -> str:
        if self.expected is None or self.stored is None:
            return f"{self.model} {self.row}: {'must not be there' if self.expected is None else 'is missing'}"
        names = [name for name in self.expected if self.expected[name] != self.stored.get(name)]
        told = ", ".join(f"{name} is {self.stored.get(name)}, must be {self.expected[name]}" for name in names)
        return f"{self.model} {self.row}: {told}".replace("  ", " ")


async def differences(session: ReadSession) -> list[Difference]:
    """Every difference between the read models and what they sum up; at most 50 lines a model."""
    found: list[Difference] = []
    for model in MODELS:
        rows = await session.tuples(_COMPARE.format(expected=model.expected, stored=model.stored, most=_MOST))
        sides: dict[str, dict[str, dict[str, Any]]] = {}
        for side, row in rows:
            values = list(row.values())
            key = " ".join(str(value) for value in values[: model.key])
            sides.setdefault(key, {})[side] = row
        found += [Difference(model.name, key, both.get("expected"), both.get("stored")) for key, both in sides.items()]
    return found
