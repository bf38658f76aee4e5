"""Each order of the list walks the index made for it, at the front and deep inside, and a search finds by trigrams."""

from __future__ import annotations

from decimal import Decimal

import pytest

from roadlens.domain import RiskLevel
from roadlens.storage.database import Database
from roadlens.storage.reads.driver_pages import DriverQuery, DriverSort, page

DRIVERS = 20_000
MIDDLE = {
    DriverSort.DRIVER_ID: ["DRV-10000"],
    DriverSort.NAME: ["last10000", "first10000", "DRV-10000"],
    DriverSort.RISK: ["50.00", "DRV-10000"],
    DriverSort.LAST_TRIP: ["2026-05-04 12:00:00.123456+00", "DRV-10000"],
    DriverSort.CREATED: ["2026-05-04 12:00:00+00", "DRV-10000"],
}
INDEXES = {
    DriverSort.DRIVER_ID: "drivers_pkey",
    DriverSort.NAME: "drivers_name_idx",
    DriverSort.RISK: "driver_summary_risk_idx",
    DriverSort.LAST_TRIP: "driver_summary_last_trip_idx",
    DriverSort.CREATED: "drivers_created_idx",
}


@pytest.fixture
async def many(database: Database) -> Database:
    async with database.write() as session:
        await session.execute(
            "INSERT INTO drivers (driver_id, first_name, last_name, created_at) SELECT 'DRV-' || number, "
            "'First' || number, 'Last' || number, timestamptz '2026-05-01Z' + number * interval '1 minute' "
            f"FROM generate_series(1, {DRIVERS}) AS number"
        )
        await session.execute(
            "UPDATE driver_summary SET risk_score = score, risk_level = CASE WHEN score <= 40 THEN 'low' "
            "WHEN score <= 70 THEN 'medium' ELSE 'high' END, last_trip_at = timestamptz '2026-05-01Z' + "
            "substr(driver_id, 5)::int * interval '1 minute' "
            "FROM (SELECT driver_id AS id, substr(driver_id, 5)::int % 10001 / 100.0 AS score FROM drivers) AS drawn "
            "WHERE driver_id = id AND driver_id NOT LIKE '%7'"
        )
        await session.execute(
            "INSERT INTO risk_histogram (bucket, shard, drivers, score_sum) SELECT ceil(risk_score), 0, count(*), 0 "
            "FROM driver_summary WHERE risk_score IS NOT NULL GROUP BY ceil(risk_score)"
        )
        await session.execute("ANALYZE drivers, driver_summary")
        await session.value("SELECT pg_stat_force_next_flush()")
    return database


async def scans(database: Database) -> dict[str, int]:
    """How often each index was walked, and each of the two tables was read whole."""
    async with database.read() as session:
        counts = await session.tuples(
            "SELECT indexrelname, idx_scan FROM pg_stat_user_indexes UNION ALL "
            "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname IN ('drivers', 'driver_summary')"
        )
    return dict(counts)


async def walked(database: Database, query: DriverQuery) -> set[str]:
    before = await scans(database)
    async with database.read() as session:
        assert (await page(session, query)).drivers
        await session.value("SELECT pg_stat_force_next_flush()")
    return {name for name, count in (await scans(database)).items() if count > before[name]}


async def test_no_order_sorts_the_fleet(many: Database) -> None:
    for sort, index in INDEXES.items():
        for position in (None, MIDDLE[sort]):
            for descending in (False, True):
                query = DriverQuery(sort=sort, position=position, descending=descending, limit=101)
                names = await walked(many, query)
                assert index in names, query
                assert not names & {"drivers", "driver_summary"}, query


async def test_the_riskiest_of_a_level_are_one_stretch_of_the_index(many: Database) -> None:
    for level in RiskLevel:
        names = await walked(many, DriverQuery(sort=DriverSort.RISK, risk_level=level, limit=101))
        assert "driver_summary_risk_idx" in names
        assert not names & {"drivers", "driver_summary"}


async def test_a_search_finds_by_trigrams(many: Database) -> None:
    names = await walked(many, DriverQuery(search="first1234", limit=101))
    assert "drivers_search_idx" in names
    assert "drivers" not in names


async def test_a_position_holds_every_digit(many: Database) -> None:
    """A cursor that lost a microsecond or a hundredth would skip a driver or show one twice."""
    async with many.write() as session:
        await session.execute(
            "UPDATE driver_summary SET risk_score = 33.33, last_trip_at = '2030-01-01 00:00:00.123456Z' "
            "WHERE driver_id IN ('DRV-5', 'DRV-6')"
        )
    async with many.read() as session:
        latest = (await page(session, DriverQuery(sort=DriverSort.LAST_TRIP, limit=1))).drivers[0]
        assert latest.position == ["2030-01-01 00:00:00.123456+00", "DRV-6"]
        query = DriverQuery(sort=DriverSort.LAST_TRIP, position=latest.position, limit=1)
        second = (await page(session, query)).drivers[0]
        assert (second.driver_id, second.risk_score) == ("DRV-5", Decimal("33.33"))
        never = (await page(session, DriverQuery(sort=DriverSort.LAST_TRIP, descending=False, limit=1))).drivers[0]
        assert (never.last_trip_at, never.position[0]) == (None, "-infinity")
        following = DriverQuery(sort=DriverSort.LAST_TRIP, descending=False, position=never.position, limit=1)
        assert (await page(session, following)).drivers[0].driver_id > never.driver_id


async def test_a_vehicle_is_found_by_its_driver_though_nothing_is_known_of_the_table(many: Database) -> None:
    """Nothing has looked at how assignments are spread when many have just been added."""
    async with many.write() as session:
        for statement in (
            "INSERT INTO vehicles (vehicle_id, name) SELECT 'V' || number, '' FROM generate_series(1, 5000) AS number",
            "INSERT INTO devices (unique_id) SELECT number::text FROM generate_series(1, 5000) AS number",
            "INSERT INTO device_assignments (device_id, vehicle_id, driver_id) "
            "SELECT device_id, 'V' || unique_id, 'DRV-' || unique_id FROM devices",
        ):
            await session.execute(statement)
        await session.value("SELECT pg_stat_force_next_flush()")
    names = await walked(many, DriverQuery(limit=50))
    assert "device_assignments_driver_id_idx" in names
    assert "device_assignments_one_at_a_time" not in names


async def test_a_search_is_planned_for_what_is_searched_for_however_often(many: Database) -> None:
    """Trigrams cannot find a single letter: a plan for any text would read the whole index for it."""
    for _ in range(15):
        await walked(many, DriverQuery(search="first123", limit=101))
    assert "drivers_search_idx" not in await walked(many, DriverQuery(search="f", limit=101))
