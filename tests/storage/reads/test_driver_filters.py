"""Whatever is rare or frequent, a page shows what reading everybody would show; and what is rare is looked up."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import pytest

from roadlens.domain import RiskLevel
from roadlens.storage.database import Database
from roadlens.storage.reads import driver_filters
from roadlens.storage.reads.driver_pages import DriverQuery, DriverSort, page

DRIVERS = 8000

# Everybody; nearly half, more than are looked up; one of ten, of 80 and of 1,000; nobody.
TEXTS = ("first", "e", "n", "x", "anna", "zq", "q", "_", "%", "e_", "eve q", "ß", "unknown", "\\")


class Known(NamedTuple):
    """A driver as the fixture writes it."""

    driver_id: str
    first_name: str
    last_name: str
    score: float
    level: str

    def fits(self, search: str | None, level: RiskLevel | None) -> bool:
        text = f"{self.driver_id} {self.first_name} {self.last_name} ".lower()
        return (search is None or search.lower() in text) and level in (None, self.level)


def known(number: int) -> Known:
    """One of a hundred is a high risk, one of twenty a medium one, whatever their names."""
    first = "Eve" if number % 9 < 4 else "Anna" if number % 10 == 0 else "First"
    last = f"_q{number % 97}" if number % 1000 == 7 else f"zqx{number}" if number % 800 == 3 else f"Last{number % 1009}"
    score = 90.0 if number % 101 == 0 else 55.0 if number % 23 == 0 else number % 4000 / 100
    level = "high" if score > 70 else "medium" if score > 40 else "low"
    return Known(f"DRV-{number:05}", first, last, score, level)


EVERYBODY = [known(number) for number in range(1, DRIVERS + 1)]


@pytest.fixture
async def fleet(database: Database) -> Database:
    rows = {name: [getattr(driver, name) for driver in EVERYBODY] for name in Known._fields}
    async with database.write() as session:
        await session.execute(
            "INSERT INTO drivers (driver_id, first_name, last_name) "
            "SELECT * FROM unnest(cast(:driver_id AS text[]), cast(:first_name AS text[]), cast(:last_name AS text[]))",
            rows,
        )
        await session.execute(
            "UPDATE driver_summary SET risk_score = score, risk_level = level FROM unnest(cast(:driver_id AS text[]), "
            "cast(:score AS numeric[]), cast(:level AS text[])) AS known(id, score, level) WHERE driver_id = id",
            rows,
        )
        await session.execute(
            "INSERT INTO risk_histogram (bucket, shard, drivers, score_sum) SELECT ceil(risk_score), 0, count(*), 0 "
            "FROM driver_summary GROUP BY ceil(risk_score)"
        )
        await session.execute("ANALYZE drivers, driver_summary")
        await session.value("SELECT pg_stat_force_next_flush()")
    return database


ORDERS = {
    DriverSort.DRIVER_ID: lambda driver: driver.driver_id,
    DriverSort.NAME: lambda driver: (driver.last_name.lower(), driver.first_name.lower(), driver.driver_id),
    DriverSort.RISK: lambda driver: (driver.score, driver.driver_id),
}


async def test_a_page_is_the_same_however_it_is_found(fleet: Database) -> None:
    for search, level, (sort, key) in product((None, *TEXTS), (None, *RiskLevel), ORDERS.items()):
        expected = sorted((driver for driver in EVERYBODY if driver.fits(search, level)), key=key)
        for skip in (0, 5, len(expected) - 2, len(expected)):
            if skip < 0:
                continue
            query = DriverQuery(search=search, risk_level=level, sort=sort, descending=False, skip=skip, limit=10)
            async with fleet.read() as session:
                found = await page(session, query)
            asked = (search, level, sort, skip)
            ids = [driver.driver_id for driver in expected[skip : skip + 10]]
            assert [driver.driver_id for driver in found.drivers] == ids, asked
            capped = search is not None and len(expected) > 1000
            assert (found.total, found.total_capped) == (1000 if capped else len(expected), capped), asked


async def test_a_cursor_goes_on_where_a_page_ended_however_it_is_found(fleet: Database) -> None:
    for search, level, (sort, key) in product(("e", "x", "zq"), (None, RiskLevel.HIGH), ORDERS.items()):
        expected = sorted((driver for driver in EVERYBODY if driver.fits(search, level)), key=key)[:40]
        ids: list[str] = []
        position = None
        while len(ids) < len(expected):
            query = DriverQuery(
                search=search, risk_level=level, sort=sort, descending=False, position=position, limit=7
            )
            async with fleet.read() as session:
                found = await page(session, query)
            ids += [driver.driver_id for driver in found.drivers]
            position = found.drivers[-1].position
        assert ids[: len(expected)] == [driver.driver_id for driver in expected], (search, level, sort)


async def test_what_is_rare_is_looked_up(fleet: Database) -> None:
    """A text without a trigram that hardly anybody has is found by its pairs; nobody else is looked at for it."""
    before = await _scans(fleet)
    async with fleet.read() as session:
        count, ids = await driver_filters.look_up(session, "zq", None)
        assert (count, len(ids or [])) == (DRIVERS // 800, DRIVERS // 800)
        await session.value("SELECT pg_stat_force_next_flush()")
    after = await _scans(fleet)
    assert after["drivers_pairs_idx"] == before["drivers_pairs_idx"] + 1
    # Some at the front of the table, to see how rare it is.
    assert after["read"] - before["read"] <= 2000 + DRIVERS // 800


async def test_looking_up_ends_when_there_are_enough(fleet: Database) -> None:
    async with fleet.read() as session:
        assert await driver_filters.look_up(session, "e", None) == (driver_filters.LOOKED_UP_TO + 1, None)


async def _scans(database: Database) -> dict[str, int]:
    async with database.read() as session:
        return dict(
            await session.tuples(
                "SELECT indexrelname, idx_scan FROM pg_stat_user_indexes WHERE relname = 'drivers' UNION ALL "
                "SELECT 'read', seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables "
                "WHERE relname = 'drivers'"
            )
        )
