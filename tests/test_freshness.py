"""The one page of what makes answers stale, held against what the answers are made of.

Nobody need remember a tag: which watched tables an answer reads is seen from the statements that it runs, and each way
to change those must raise a version in its key.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from roadlens import freshness
from roadlens.api.caching import find_key
from roadlens.cache.keys import Key
from roadlens.cache.policy import Declaration
from roadlens.storage.database import Database, WriteSession
from roadlens.storage.reads import cache_state
from tests.support.api import Api, open_api
from tests.support.fleet import deliver, drive, open_ingest
from tests.support.postgres import Server

TTL = {
    "dashboard_stats": 60,
    "dashboard_summary": 60,
    "trip_activity": 300,
    "risk_distribution": 300,
    "safety_events": 300,
    "attention": 300,
    "drivers_list": 120,
    "driver_detail": 180,
    "driver_statistics": 180,
    "risk_score": 180,
    "trips_list": 120,
    "trip_detail": 120,
    "events_list": 120,
    "events_inbox": 60,
    "vehicles_list": 120,
    "users_list": 120,
    "score_versions_list": 30,
    "score_version_detail": 30,
}

# An address of each kind that shows the first driver, her vehicle and her device; the trip's is found.
ADDRESSES = (
    "/admin/dashboard/stats",
    "/admin/dashboard/summary",
    "/admin/dashboard/trip-activity",
    "/admin/dashboard/risk-distribution",
    "/admin/dashboard/safety-events",
    "/admin/dashboard/attention",
    "/admin/drivers",
    "/admin/drivers?search=da&sort=risk",
    "/admin/drivers?risk_level=low&sort=name",
    "/admin/drivers/DRV-0001",
    "/admin/drivers/DRV-0001/statistics",
    "/admin/drivers/DRV-0001/risk",
    "/admin/drivers/DRV-0001/trips",
    "/admin/trips",
    "/admin/trips/{trip_id}",
    "/admin/events",
    "/admin/events/inbox",
    "/admin/events/inbox?driver_id=DRV-0001",
    "/admin/vehicles",
    "/admin/users",
    "/admin/score-versions",
    "/admin/score-versions/1",
)

# What happens to a row that those addresses show, by table.
ONE_ROW = {
    "drivers": (
        "UPDATE drivers SET first_name = 'X' WHERE driver_id = 'DRV-0001'",
        "DELETE FROM safety_events; DELETE FROM trips; DELETE FROM device_assignments; "
        "DELETE FROM drivers WHERE driver_id = 'DRV-0001'",
    ),
    "vehicles": (
        "UPDATE vehicles SET name = 'X' WHERE vehicle_id = 'VEH-0001'",
        "DELETE FROM vehicles WHERE vehicle_id = 'VEH-9'",
    ),
    "devices": ("UPDATE devices SET name = 'X' WHERE unique_id = 'device-1'",),
    "device_assignments": (
        "UPDATE device_assignments SET vehicle_id = 'VEH-0002' WHERE driver_id = 'DRV-0001'",
        "UPDATE device_assignments SET driver_id = 'DRV-0002' WHERE driver_id = 'DRV-0001'",
        "UPDATE device_assignments SET driver_id = 'DRV-0001' WHERE driver_id = 'DRV-0004'",
        "DELETE FROM device_assignments WHERE driver_id = 'DRV-0001'",
    ),
    "users": ("UPDATE users SET email = 'x@example.com' WHERE username = 'viewer'",),
    "score_versions": ("UPDATE score_versions SET parameters = '{}' WHERE active",),
    "installation": ("UPDATE installation SET timezone = 'Pacific/Auckland'",),
}

# The same to more rows than are named one by one, and to all.
BULK = {
    "drivers": ("UPDATE drivers SET city = 'X'", "TRUNCATE drivers CASCADE"),
    "vehicles": ("UPDATE vehicles SET make = 'X'", "TRUNCATE vehicles CASCADE"),
    "devices": ("UPDATE devices SET model = 'X'", "TRUNCATE devices CASCADE"),
    "device_assignments": (
        "UPDATE device_assignments SET valid_from = '2001-01-01'",
        "DELETE FROM device_assignments",
        "TRUNCATE device_assignments",
    ),
    "users": ("UPDATE users SET active = false", "TRUNCATE users CASCADE"),
    "score_versions": ("TRUNCATE score_versions CASCADE",),
}

# Rows that were not there before. An answer about one driver does not show another one's.
NEW = {
    "drivers": ("INSERT INTO drivers (driver_id, first_name, last_name) VALUES ('D', 'X', 'Y')",),
    "vehicles": ("INSERT INTO vehicles (vehicle_id, name) VALUES ('V', 'X')",),
    "devices": ("INSERT INTO devices (unique_id) VALUES ('X')",),
    "device_assignments": (
        "INSERT INTO device_assignments (device_id, vehicle_id, driver_id) "
        "SELECT device_id, 'VEH-0001', 'DRV-0001' FROM devices WHERE unique_id = 'many-1'",
    ),
    "users": ("INSERT INTO users (username, role, password_hash) VALUES ('X', 'viewer', 'x')",),
    "score_versions": ("INSERT INTO score_versions (version, parameters, active) VALUES (9, '{}', false)",),
}

MANY = """
INSERT INTO drivers (driver_id, first_name, last_name) SELECT 'MANY-' || n, 'A', 'B' FROM generate_series(2, 150) AS n;
INSERT INTO vehicles (vehicle_id, name) SELECT 'MANY-' || n, 'van' FROM generate_series(2, 150) AS n;
INSERT INTO devices (unique_id) SELECT 'many-' || n FROM generate_series(1, 150) AS n;
INSERT INTO device_assignments (device_id, vehicle_id, driver_id)
    SELECT device_id, 'MANY' || substr(unique_id, 5), 'MANY' || substr(unique_id, 5) FROM devices
    WHERE unique_id LIKE 'many-%' AND unique_id <> 'many-1';
INSERT INTO users (username, role, password_hash) SELECT 'many-' || n, 'viewer', 'x' FROM generate_series(1, 150) AS n;
INSERT INTO vehicles (vehicle_id, name) VALUES ('VEH-9', 'spare');
INSERT INTO device_progress (device_id) SELECT device_id FROM devices ON CONFLICT DO NOTHING
"""


@pytest.fixture(scope="module")
async def fleet(postgres: Server, fleet_template: str, password_hash: str) -> AsyncIterator[Api]:
    """The fleet of known numbers with many more of everything; each test undoes what it does."""
    with postgres.copy_of(fleet_template) as url:
        database = Database.open(url, pool_size=5, max_connections=20, name="roadlens test", durable=True)
        async with database.write() as session:
            for statement in MANY.split(";"):
                await session.execute(statement)
        async with open_api(database, url, password_hash) as opened:
            yield opened
        await database.close()


@pytest.fixture(scope="module")
async def keys(fleet: Api) -> dict[str, Key]:
    """The key of each address."""
    trip = (await fleet.answer("/admin/trips", driver_id="DRV-0001"))["items"][0]["trip_id"]
    find = find_key(fleet.app)
    found = {}
    for address in ADDRESSES:
        parts = urlsplit("/api/v1" + address.replace("{trip_id}", trip))
        key = find(parts.path, parts.query.encode())
        assert key is not None, address
        found[key.url] = key
    return found


@pytest.fixture(scope="module")
async def tables(fleet: Api, keys: dict[str, Key]) -> dict[str, set[str]]:
    """Which watched tables each address reads, as the statements say that compute its answer."""
    async with fleet.database.read() as session:
        watched = await session.tuples(
            "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE tgname = 'note_updated'"
        )
    await fleet.send("POST", "/admin/cache/clear")
    read = {}
    for url in keys:
        with fleet.statements() as statements:
            response = await fleet.trusting(url.removeprefix("/api/v1"), statements)
        assert response.headers["Cache-Status"] == "roadlens; fwd=miss; stored", url
        words = set(re.findall(r"\w+", " ".join(statements)))
        read[url] = {table for (table,) in watched if table in words}
    return read


def test_every_kind_of_answer_has_its_time() -> None:
    kinds = [found.policy for found in vars(freshness).values() if isinstance(found, Declaration)]
    assert {policy.key_prefix: policy.ttl for policy in kinds} == TTL
    assert freshness.prefixes() == TTL.keys()


def test_every_kind_has_an_address_here(keys: dict[str, Key]) -> None:
    assert {key.policy.key_prefix for key in keys.values()} == TTL.keys()


async def test_what_the_audit_compares_is_in_the_answers(fleet: Api, keys: dict[str, Key]) -> None:
    compared: dict[str, dict[str, object]] = {}
    for url, key in keys.items():
        if key.policy.edited is not None:
            values = key.policy.edited(await fleet.answer(url.removeprefix("/api/v1")))
            compared.setdefault(key.policy.key_prefix, {}).update(values)
    assert compared["driver_detail"]["first_name"] == "Ada"
    assert compared["drivers_list"]["DRV-0002.last_name"] == "Lindqvist"
    assert compared["vehicles_list"]["MANY-2.name"] == "van"
    assert all(compared.values())
    assert len(compared) == 7


def test_what_the_answers_read_is_seen(tables: dict[str, set[str]]) -> None:
    """Else the tests below would hold of nothing."""
    assert tables["/api/v1/admin/users?limit=100"] == {"users"}
    assert tables["/api/v1/admin/drivers/DRV-0001"] == {"drivers", "vehicles", "device_assignments"}
    assert set().union(*tables.values()) == {*ONE_ROW}


@pytest.mark.parametrize(
    ("table", "statement"),
    [(table, statement) for kind in (ONE_ROW, BULK, NEW) for table in kind for statement in kind[table]],
)
async def test_a_change_of_a_table_that_an_answer_reads_makes_it_stale(
    fleet: Api, keys: dict[str, Key], tables: dict[str, set[str]], table: str, statement: str
) -> None:
    changed = await raised_by(fleet, keys, statement)
    readers = {url for url in keys if table in tables[url]}
    if statement in NEW.get("drivers", ()):
        readers = {url for url in readers if "DRV-0001" not in url}
    assert readers <= changed


@pytest.mark.parametrize("statement", ONE_ROW["drivers"])
async def test_what_hangs_on_a_driver_goes_with_the_driver(fleet: Api, keys: dict[str, Key], statement: str) -> None:
    """The tables of trips, events and scores are not watched: a driver's deletion takes their rows along."""
    driving = {url for url in keys if not url.endswith("/users?limit=100") and "/score-versions" not in url}
    assert driving <= await raised_by(fleet, keys, statement)


async def test_a_decision_about_an_event_makes_stale_what_it_counts_in(fleet: Api, keys: dict[str, Key]) -> None:
    """No answer reads the reviews: what follows from them stands in the tables that telemetry writes."""
    one = (
        "INSERT INTO event_reviews (device_id, driver_id, event_type, began_at, ended_at, state) "
        "SELECT 1, '{}', 'speeding', '2026-01-01', '2026-01-01', 'dismissed' FROM generate_series(1, {})"
    )
    others = ("/users?limit=100", "/vehicles?limit=100", "/score-versions", "/score-versions/1")
    apart = {url for url in keys if url.endswith(others)}
    for statement in (one.format("DRV-0001", 1), one.format("DRV-0001", 200), "TRUNCATE event_reviews"):
        assert await raised_by(fleet, keys, statement) == keys.keys() - apart
    of_another = await raised_by(fleet, keys, one.format("DRV-0002", 1))
    assert set(keys.keys() - apart - of_another) == {url for url in keys if "/DRV-0001" in url and "trips" not in url}


async def test_another_driver_makes_no_answer_about_one_driver_stale(fleet: Api, keys: dict[str, Key]) -> None:
    changed = await raised_by(fleet, keys, "UPDATE drivers SET city = 'X' WHERE driver_id = 'DRV-0002'")
    assert {url for url in changed if "/DRV-0001" in url} == {"/api/v1/admin/drivers/DRV-0001/trips?limit=100"}


async def test_telemetry_raises_nothing(fleet: Api, keys: dict[str, Key]) -> None:
    ingest = await open_ingest(fleet.database)
    before = await versions(fleet, keys)
    outcome = await deliver(ingest, "many-2", drive(0, 600))
    assert outcome.trips > 0
    assert await versions(fleet, keys) == before


async def versions(fleet: Api, keys: dict[str, Key]) -> dict[str, str]:
    async with fleet.database.read() as session:
        return {url: key.with_versions(await cache_state.versions(session, key.tags)) for url, key in keys.items()}


class Undone(Exception):
    """Ends a transaction that was to change nothing."""


async def raised_by(fleet: Api, keys: dict[str, Key], statement: str) -> set[str]:
    """The addresses whose keys the statement's commit would change; it is undone."""

    async def told(session: WriteSession) -> dict[str, tuple[str, ...]]:
        return {url: await cache_state.versions(session, key.tags) for url, key in keys.items()}

    raised: set[str] = set()
    with suppress(Undone):
        async with fleet.database.write() as session:
            before = await told(session)
            for each in statement.split(";"):
                await session.execute(each)
            await session.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is put off to the commit happens now
            after = await told(session)
            raised = {url for url in keys if before[url] != after[url]}
            raise Undone
    return raised
