"""A small generated portfolio on a real database: sums and scores are exact, and it has the shape of a real one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from roadlens.domain import first_id_at
from roadlens.errors import Conflict
from roadlens.storage.database import Database
from roadlens.telemetry.demo import fill as demo
from roadlens.telemetry.doctor import differences
from roadlens.telemetry.generated.fill import Generated, generate
from roadlens.telemetry.generated.traits import DAYS, Plan
from tests.support import fleet
from tests.support.fleet import drive
from tests.support.postgres import TEMPLATE, Server

NOW = datetime(2026, 4, 10, 9, 30, tzinfo=UTC)  # clocks were changed during the days before, in some zones
PLAN = Plan(drivers=120, trips_per_driver=25, seed=4)
CONTENT = (
    "SELECT * FROM trips ORDER BY trip_id",
    "SELECT safety_events::text FROM safety_events ORDER BY event_id",  # as text, NaN is NaN
    "SELECT * FROM risk_scores ORDER BY driver_id, day",
    "SELECT * FROM driver_summary ORDER BY driver_id",
    "SELECT vehicle_id, vin, name FROM vehicles ORDER BY vehicle_id",
    "SELECT device_id, driver_id, vehicle_id, valid_from, valid_to FROM device_assignments ORDER BY assignment_id",
)
SCHEMA = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes ORDER BY 1, 2, 3
"""


async def filled(database: Database, plan: Plan = PLAN, now: datetime = NOW) -> Generated:
    return await generate(database, plan, now=now, progress=lambda _what, _share: None)


async def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    async with database.read() as session:
        return await session.tuples(statement)


@pytest.mark.parametrize("plan", [PLAN, Plan(1, 1, 1), Plan(7, 1, 2), Plan(3, 1000, 3)])
async def test_the_doctor_finds_nothing_and_the_schema_is_as_it_was(database: Database, plan: Plan) -> None:
    before = await rows(database, SCHEMA)
    made = await filled(database, plan)
    assert made == Generated(plan.drivers * plan.trips_per_driver, made.events, date(2026, 4, 9), new=True)
    assert await rows(database, "SELECT count(*) FROM trips") == [(made.trips,)]
    assert await differences(database) == []
    assert await rows(database, SCHEMA) == before


async def test_the_calendar_is_that_of_the_installation(database: Database) -> None:
    async with database.write() as session:
        await session.execute("UPDATE installation SET timezone = 'America/New_York'")
    await filled(database)
    assert await rows(
        database,
        "SELECT count(*) FILTER (WHERE (started_at AT TIME ZONE 'America/New_York')::date = day) - count(*), "
        "max(day) - min(day) < 90, bool_and(weekend_m = distance_m * (extract(isodow FROM day) >= 6)::int) FROM trips",
    ) == [(0, True, True)]
    assert await differences(database) == []


async def test_it_has_the_shape_of_a_real_one(database: Database) -> None:
    await filled(database)
    ((scores, drivers),) = await rows(database, "SELECT count(*), count(DISTINCT driver_id) FROM risk_scores")
    assert 7 <= scores / drivers <= 13
    assert 0.9 * PLAN.drivers <= drivers < PLAN.drivers
    levels = {level for (level,) in await rows(database, "SELECT DISTINCT risk_level FROM driver_summary")}
    assert {"low", "medium"} <= levels
    ((least, most),) = await rows(database, "SELECT min(trips), max(trips) FROM driver_summary")
    assert least == 0
    assert most > 2 * PLAN.trips_per_driver
    ((kinds, sources),) = await rows(
        database, "SELECT count(DISTINCT event_type), count(DISTINCT source) FROM safety_events"
    )
    assert (kinds, sources) == (5, 2)
    ((several,),) = await rows(
        database,
        "SELECT count(*) FROM (SELECT FROM trips GROUP BY driver_id HAVING count(DISTINCT vehicle_id) > 1) AS driver",
    )
    assert 0 < several < PLAN.drivers / 3


async def test_a_device_makes_one_trip_at_a_time_for_whom_it_is_assigned_to(database: Database) -> None:
    await filled(database)
    assert await rows(
        database,
        "SELECT count(*) FROM (SELECT started_at, lag(ended_at) OVER (PARTITION BY driver_id ORDER BY started_at) AS "
        "before FROM trips) AS trip WHERE started_at <= before",
    ) == [(0,)]
    assert await rows(
        database,
        "SELECT count(*) FROM trips WHERE NOT EXISTS (SELECT FROM device_assignments AS held WHERE "
        "held.device_id = trips.device_id AND held.driver_id = trips.driver_id AND held.vehicle_id = trips.vehicle_id "
        "AND tstzrange(valid_from, valid_to) @> started_at)",
    ) == [(0,)]
    assert await rows(
        database,
        "SELECT count(*) FROM safety_events JOIN trips USING (trip_id) "
        "WHERE occurred_at < started_at OR safety_events.ended_at > trips.ended_at",
    ) == [(0,)]


async def test_ids_are_laid_out_as_ever(database: Database) -> None:
    await filled(database, Plan(5, 20, 1))
    found = await rows(
        database,
        "SELECT trip_id, started_at FROM trips UNION ALL SELECT event_id, occurred_at FROM safety_events",
    )
    assert len({key for key, _ in found}) == len(found)
    for key, moment in found:
        assert key.version == 8
        assert first_id_at(moment) < key < first_id_at(moment + timedelta(milliseconds=1))


async def test_the_same_plan_gives_the_same_rows(postgres: Server) -> None:
    contents = []
    for _ in range(2):
        with postgres.copy_of(TEMPLATE) as url:
            database = Database.open(url, durable=True)
            await filled(database)
            contents.append([await rows(database, statement) for statement in CONTENT])
            await database.close()
    assert contents[0] == contents[1]


async def test_again_changes_nothing_and_another_plan_is_refused(database: Database) -> None:
    made = await filled(database)
    assert await filled(database, now=NOW + timedelta(days=3)) == made._replace(new=False)
    with pytest.raises(Conflict, match="120 drivers with 25 trips each and seed 4"):
        await filled(database, PLAN._replace(seed=5))
    assert await rows(database, "SELECT count(*) FROM drivers") == [(PLAN.drivers,)]
    assert await demo.pending(database) is None


async def test_trips_of_others_are_left_alone(database: Database) -> None:
    ingest = await fleet.open_ingest(database)
    await fleet.deliver(ingest, "A", drive(0, 4000), register=True)
    before = await rows(database, "SELECT * FROM trips")
    with pytest.raises(Conflict, match="trips already"):
        await filled(database)
    assert await rows(database, "SELECT * FROM trips") == before


async def test_drivers_without_trips_may_be_there(database: Database) -> None:
    async with database.write() as session:
        await session.execute("INSERT INTO drivers (driver_id, first_name, last_name) VALUES ('DRV-0003', 'A', 'B')")
    await filled(database)
    assert await rows(database, "SELECT trips FROM driver_summary WHERE driver_id = 'DRV-0003'") == [(0,)]
    assert await differences(database) == []


async def test_who_interrupts_it_leaves_nothing(database: Database) -> None:
    before = await rows(database, SCHEMA)

    def interrupt(what: str, _share: float) -> None:
        if what == "Scoring":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await generate(database, PLAN, now=NOW, progress=interrupt)
    assert await rows(database, "SELECT count(*) FROM drivers") == [(0,)]
    assert await rows(database, SCHEMA) == before
    assert (await filled(database)).new


def test_the_window_is_the_risk_scores() -> None:
    assert DAYS == 90
