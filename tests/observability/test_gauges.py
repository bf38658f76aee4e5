"""What a worker shows of itself: the application's own numbers, as a scrape finds them."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import datetime
from pathlib import Path

from roadlens.api import ingest_tokens
from roadlens.observability import gauges
from roadlens.observability.metrics import Metrics
from roadlens.observability.output import Output
from roadlens.storage.database import Database
from roadlens.storage.writes import ingest_tokens as write_tokens
from tests.support.api import Api, open_api
from tests.support.scrape import Scrape
from tests.support.valkey import running_valkey
from tests.support.versions import raise_x

END_FEED = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'roadlens feed'
"""


async def scrape(api: Api) -> Scrape:
    return Scrape.read((await api.client.get("/metrics")).text)


async def until(api: Api, name: str, value: float, **labels: str) -> None:
    """Until a scrape shows the value."""
    async with asyncio.timeout(120):
        while (await scrape(api)).value(name, **labels) != value:  # noqa: ASYNC110 - what is scraped has no event
            await asyncio.sleep(0.01)


async def test_a_server_at_rest(api: Api) -> None:
    # On a busy machine it may be a while until nothing of its start goes on.
    await until(api, "feed_attached", 1)
    await until(api, "db_connections", 0, state="in_use")
    seen = await scrape(api)
    assert (seen.value("workers_alive"), seen.value("workers_wanted")) == (1, 1)
    assert 0 <= seen.value("feed_lease_age_seconds") < 30
    assert seen.value("db_connections", state="idle") >= 1
    assert seen.value("db_connections_limit") == 20
    assert seen.value("db_size_bytes") > 1_000_000
    assert seen.value("ingest_waiting", kind="single") == seen.value("ingest_oldest_waiting_seconds") == 0
    assert seen.value("process_resident_memory_bytes") > 10_000_000
    assert seen.value("process_cpu_seconds_total") > 0
    assert seen.value("process_open_fds") > 3


async def test_what_there_is_not_is_not_shown(api: Api) -> None:
    page = (await api.client.get("/metrics")).text
    assert "\nredis_usable " not in page
    assert "\nretention_last_run_timestamp_seconds " not in page


async def test_what_the_memory_holds(api: Api) -> None:
    await api.hit("/admin/dashboard/summary")
    seen = await scrape(api)
    assert seen.value("cache_entries", key_prefix="dashboard_summary") == 1
    assert 100 < seen.value("cache_bytes", key_prefix="dashboard_summary") < seen.value("cache_limit_bytes")
    api.app.state.server.cache.memory.clear("*")
    seen = await scrape(api)
    assert {"key_prefix": "dashboard_summary"} in seen.labels("cache_entries")
    assert seen.value("cache_entries", key_prefix="dashboard_summary") == 0


async def test_a_redis_that_goes_away(
    database: Database, database_url: str, password_hash: str, tmp_path: Path
) -> None:
    with running_valkey(tmp_path / "redis") as redis:
        settings = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis.port)}
        async with open_api(database, database_url, password_hash, **settings) as api:
            await _until_redis_is(api, 1)
            redis.stop()
            await _until_redis_is(api, 0)
            redis.start()
            await _until_redis_is(api, 1)


async def _until_redis_is(api: Api, usable: float) -> None:
    async with asyncio.timeout(120):
        while True:
            seen = await scrape(api)
            if {} in seen.labels("redis_usable") and seen.value("redis_usable") == usable:
                return
            # Something to compute, for which Redis is asked.
            await api.send("POST", "/admin/drivers", {"first_name": "A", "last_name": "B"})
            await api.answer("/admin/drivers")


async def test_a_feed_that_is_lost_and_comes_back(api: Api) -> None:
    assert (await scrape(api)).value("feed_losses_total", reason="connection") == 0
    async with api.database.write() as session:
        await session.tuples(END_FEED)
    await until(api, "feed_losses_total", 1, reason="connection")
    await until(api, "feed_attached", 1)


async def test_an_edit_is_timed_until_the_workers_know(api: Api) -> None:
    before = (await scrape(api)).value("feed_settling_duration_seconds_count")
    await raise_x(api.database)
    async with api.database.write() as session:
        await session.value("SELECT 1")  # changes nothing, so nobody must hear of it
    assert (await scrape(api)).value("feed_settling_duration_seconds_count") == before + 1


async def test_connections_in_use(api: Api) -> None:
    async with api.database.read() as session:
        await session.value("SELECT 1")
        await until(api, "db_connections", 1, state="in_use")


async def test_retention_begins_with_the_server_and_shows_when_it_last_ran() -> None:
    metrics, began = Metrics(), time.time()
    ran = gauges.Retained(metrics, wanted=True)
    first = Scrape.of(metrics).value("retention_last_run_timestamp_seconds")
    assert first >= began
    ran()
    assert Scrape.of(metrics).value("retention_last_run_timestamp_seconds") > first


async def test_retention_of_a_server_is_told(database: Database, database_url: str, password_hash: str) -> None:
    """It may have run before anybody can look, but not before there were users."""
    settings = {"ROADLENS_POSITION_RETENTION_DAYS": "400"}
    async with open_api(database, database_url, password_hash, **settings) as api, asyncio.timeout(120):
        async with database.read() as session:
            between: datetime = await session.value("SELECT min(created_at) FROM users")
        wanted = between.timestamp()
        while (await scrape(api)).value("retention_last_run_timestamp_seconds") <= wanted:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)


async def test_a_position_that_waits_for_the_database_is_seen_waiting(api: Api) -> None:
    """1. Somebody locks the tokens. 2. A position comes and waits. 3. The lock goes: it is stored, and nobody waits."""
    secret = ingest_tokens.issue()
    async with api.database.write() as session:
        await write_tokens.create(session, "test", name="test", digest=ingest_tokens.digest(secret))
    position = {"fixTime": "2026-01-20T14:00:01Z", "valid": True, "latitude": 41.25, "longitude": -95.98, "speed": 20}
    forward = {"position": position, "device": {"uniqueId": "d1", "name": "Van 7"}}
    async with asyncio.timeout(120):
        async with api.database.write() as lock:
            await lock.execute("LOCK TABLE ingest_tokens IN ACCESS EXCLUSIVE MODE")
            headers = {"Authorization": f"Bearer {secret}"}
            sent = asyncio.create_task(api.client.post("/api/v1/ingest/traccar", json=forward, headers=headers))
            await until(api, "ingest_waiting", 1, kind="single")
            first = (await scrape(api)).value("ingest_oldest_waiting_seconds")
            assert (await scrape(api)).value("ingest_oldest_waiting_seconds") > first > 0
        assert (await sent).status_code == 200
    seen = await scrape(api)
    assert seen.value("ingest_waiting", kind="single") == seen.value("ingest_oldest_waiting_seconds") == 0
    assert seen.value("ingest_commit_duration_seconds_count", kind="single") == 1
    assert seen.value("ingest_commit_duration_seconds_sum", kind="single") > first


def test_lines_of_the_log_that_were_dropped_are_counted_once() -> None:
    metrics, (reading, writing) = Metrics(), os.pipe()
    output = Output(writing, lambda dropped: b"dropped %d\n" % dropped)
    look = gauges.log(metrics, output)
    look()
    assert Scrape.read(metrics.page()[0].decode()).value("log_lines_dropped_total") == 0
    os.close(reading)
    for _ in range(3):
        output.write(b"nobody reads this\n")
    output.close()
    os.close(writing)
    for _ in range(2):
        look()
    assert Scrape.read(metrics.page()[0].decode()).value("log_lines_dropped_total") == output.dropped == 3
