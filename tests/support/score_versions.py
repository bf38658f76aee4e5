"""Score versions beside the active one, and history scored by them, put in by SQL as commands leave it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from roadlens.domain import EVENT_TYPES
from roadlens.scoring.parameters import DEFAULT, Parameters
from roadlens.storage.arrays import arrays
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.reads import tracks
from roadlens.storage.reads.scores import DrivenDay
from roadlens.storage.trip_rows import EventRow
from roadlens.storage.writes import barrier, positions, scores
from roadlens.storage.writes.positions import Partitions
from roadlens.telemetry import steps
from roadlens.telemetry.batch import Batch
from roadlens.telemetry.rescore import history
from roadlens.telemetry.work import Rules, Work

_TRIP = (
    "trip_id",
    "driver_id",
    "day",
    "distance_m",
    "night_m",
    "rush_hour_m",
    "speeding_m",
    "speeding_s",
    "trip_score",
)
_COUNTS = [kind.value for kind in EVENT_TYPES]
_PUT_TRIPS = f"""
INSERT INTO rescored_trips (score_version, {", ".join(_TRIP)}, {", ".join(_COUNTS)})
SELECT :version, * FROM unnest(cast(:trip_id AS uuid[]), cast(:driver_id AS text[]), cast(:day AS date[]),
    cast(:distance_m AS int[]), cast(:night_m AS int[]), cast(:rush_hour_m AS int[]), cast(:speeding_m AS int[]),
    cast(:speeding_s AS int[]),
    cast(:trip_score AS numeric[]), {", ".join(f"cast(:{name} AS int[])" for name in _COUNTS)})
"""
_PUT_EVENTS = f"""
INSERT INTO rescored_events (score_version, {", ".join(EventRow._fields)})
SELECT :version, * FROM unnest(cast(:event_id AS uuid[]), cast(:trip_id AS uuid[]),
    cast(:driver_id AS text[]), cast(:event_type AS text[]), cast(:source AS text[]),
    cast(:occurred_at AS timestamptz[]), cast(:ended_at AS timestamptz[]), cast(:severity AS float8[]),
    cast(:confidence AS float8[]), cast(:latitude AS float8[]), cast(:longitude AS float8[]),
    cast(:speed_kmh AS float8[]), cast(:state AS text[]), cast(:speeding_m AS int[]), cast(:speeding_s AS int[]))
"""
_PUT_RISK = """
INSERT INTO rescored_risk SELECT score_version, driver_id, day, risk_score, risk_level, distance_m, factors
FROM risk_scores WHERE score_version = :version
"""


async def add_version(database: Database, version: int, **changed: Any) -> None:
    """A draft with the default values but for some."""
    async with database.write() as session:
        await session.execute(
            "INSERT INTO score_versions (version, parameters, active) "
            "VALUES (:version, cast(:parameters AS jsonb), false)",
            {"version": version, "parameters": json.dumps(DEFAULT.as_dict() | changed)},
        )


async def pending(database: Database, version: int) -> None:
    """A draft by which history is being scored."""
    await add_version(database, version)
    async with database.write() as session:
        await session.execute(
            "INSERT INTO score_rebuilds (score_version, state) VALUES (:version, 'scoring')", {"version": version}
        )


async def rebuild(database: Database, version: int) -> None:
    """Score all history by a draft with the live rules, in one piece, beside what is live."""
    async with database.write() as session:
        await barrier.close(session, 30)
        await session.execute(
            "INSERT INTO score_rebuilds (score_version, state) VALUES (:version, 'scoring')", {"version": version}
        )
    async with database.write() as session:
        rules = await _rules(session, version)
        work = Work(session, rules, Partitions(), Batch(), datetime.now(UTC))
        await positions.hold(session)
        devices = [device for (device,) in await session.tuples("SELECT device_id FROM devices ORDER BY 1")]
        work.windows = await tracks.windows(session, devices, [None] * len(devices), [None] * len(devices))
        for step in (steps.order, steps.cut, steps.derive, steps.score):
            await step(work)
        made = [(*[getattr(trip, name) for name in (*_TRIP, *_COUNTS)],) for trip in work.trips]
        await session.execute(_PUT_TRIPS, {"version": version, **arrays((*_TRIP, *_COUNTS), made)})
        await session.execute(_PUT_EVENTS, {"version": version, **arrays(EventRow._fields, work.events)})
    await _rate(database, rules)
    async with database.write() as session:
        await session.execute(
            "UPDATE score_rebuilds SET state = 'ready', finished_at = now() WHERE score_version = :version",
            {"version": version},
        )


async def _rules(session: WriteSession, version: int) -> Rules:
    ((parameters, zone),) = await session.tuples(
        "SELECT parameters, timezone FROM score_versions, installation WHERE version = :version", {"version": version}
    )
    return Rules(version, Parameters.from_dict(parameters), ZoneInfo(zone))


async def _rate(database: Database, rules: Rules) -> None:
    """Histories over the rescored trips, written where live ones are, copied, and written back as they were."""
    sums = ", ".join(f"sum({name})::int" for name in DrivenDay._fields[2:])
    async with database.write() as session:
        driven = await session.tuples(
            f"SELECT driver_id, day, {sums} FROM rescored_trips WHERE score_version = :version "
            "GROUP BY driver_id, day ORDER BY driver_id, day",
            {"version": rules.version},
        )
        days = [DrivenDay(*row) for row in driven]
        scored = [
            each
            for _, group in groupby(days, key=lambda row: row.driver_id)
            for own in (list(group),)
            for each in history(rules, own, {row.day for row in own})
        ]
        await session.execute("CREATE TEMPORARY TABLE live_scores ON COMMIT DROP AS SELECT * FROM risk_scores")
        await session.execute("DELETE FROM risk_scores")
        await scores.put(session, scored, rules.version)
        await session.execute(_PUT_RISK, {"version": rules.version})
        await session.execute("DELETE FROM risk_scores")
        await session.execute("INSERT INTO risk_scores SELECT * FROM live_scores")
