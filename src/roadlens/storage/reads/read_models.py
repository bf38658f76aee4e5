"""Recomputes every read model from the rows that it sums up, in one snapshot, and names each difference."""

from __future__ import annotations

from typing import Any, NamedTuple

from roadlens.storage.database import ReadSession
from roadlens.storage.sums import COUNTS, DRIVER_DAY_COLUMNS, EXPECTED

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
        EXPECTED["trips"],
        f"SELECT trip_id, {', '.join(f'{name}::int' for name in COUNTS)} FROM trips",
    ),
    Model(
        "driver_day",
        2,
        EXPECTED["driver_day"],
        f"SELECT {DRIVER_DAY_COLUMNS} FROM driver_day",
    ),
    Model(
        "driver_summary",
        1,
        EXPECTED["driver_summary"],
        """SELECT driver_id, trips, distance_m, events, last_trip_at, risk_score, risk_level, scored_day
           FROM driver_summary""",
    ),
    Model(
        "trip_day",
        1,
        EXPECTED["trip_day"],
        f"""SELECT day, sum(trips), sum(score_sum), {", ".join(f"sum({name})" for name in COUNTS)}
            FROM trip_day GROUP BY day HAVING sum(trips) <> 0 OR sum(score_sum) <> 0""",
    ),
    Model(
        "fleet_totals",
        0,
        EXPECTED["fleet_totals"],
        """SELECT sum(drivers), sum(users), sum(vehicles), sum(devices), sum(trips), sum(events), sum(distance_m)
           FROM fleet_totals""",
    ),
    Model(
        "risk_histogram",
        1,
        EXPECTED["risk_histogram"],
        """SELECT bucket, sum(drivers), sum(score_sum) FROM risk_histogram
           GROUP BY bucket HAVING sum(drivers) <> 0 OR sum(score_sum) <> 0""",
    ),
)

_COMPARE = """
WITH expected AS MATERIALIZED ({expected}), stored AS MATERIALIZED ({stored})
SELECT side, to_json(found) FROM (
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
