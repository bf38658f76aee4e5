"""The self-audit on the whole: a kept answer that an edit has made wrong is found, counted, logged and shown."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest

from roadlens.cache.audit import Audit
from roadlens.storage.database import Database
from tests.support.api import Api, open_api
from tests.support.postgres import Server
from tests.support.scrape import Scrape
from tests.support.versions import until

DETAIL = "/admin/drivers/DRV-0001"
WITHOUT_NEWS = "ALTER TABLE drivers DISABLE TRIGGER note_updated"


@pytest.fixture
async def audited(postgres: Server, fleet_template: str, password_hash: str) -> AsyncIterator[Api]:
    """Every hit is audited, but for the pause of a second between two."""
    with postgres.copy_of(fleet_template) as url:
        database = Database.open(url, pool_size=5, max_connections=20, name="roadlens test", durable=True)
        async with open_api(database, url, password_hash, ROADLENS_CACHE_AUDIT="1") as opened:
            yield opened
        await database.close()


def audit(api: Api) -> Audit:
    found: Audit = api.app.state.server.audit
    return found


async def kept_and_then(api: Api, statement: str, path: str = DETAIL) -> None:
    """The answer is kept, the statement runs, and a hit is audited."""
    await api.trusting(path)
    async with api.database.write() as session:
        for each in statement.split(";"):
            await session.execute(each)
    assert "hit" in (await api.trusting(path)).headers["Cache-Status"]


async def test_a_change_that_nobody_announced_is_found(audited: Api, caplog: pytest.LogCaptureFixture) -> None:
    await kept_and_then(audited, f"{WITHOUT_NEWS};UPDATE drivers SET first_name = 'Eve' WHERE driver_id = 'DRV-0001'")
    await until(lambda: audit(audited).done == 1)
    state = (await audited.answer("/admin/cache"))["audit"]
    assert (state["audited"], state["stale"]) == (1, 1)
    (finding,) = state["findings"]
    assert finding["differing"] == ["first_name"]
    assert finding["key"].startswith(f"response_cache:driver_detail:/api/v1{DETAIL}@")
    assert finding["kept"] != finding["computed"]
    page = Scrape.of(audited.app.state.metrics)
    assert page.value("cache_stale_answers_total", key_prefix="driver_detail") == 1
    assert page.value("cache_audits_total", key_prefix="driver_detail") == 1
    (said,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "driver:DRV-0001." in said
    assert "first_name" in said
    assert "Eve" not in said, "a log is no place for what is kept"


async def test_a_deletion_that_nobody_announced_is_found(audited: Api) -> None:
    tables = ("device_assignments", "drivers")
    quiet = ";".join(f"ALTER TABLE {table} DISABLE TRIGGER note_deleted" for table in tables)
    gone = ";".join(f"DELETE FROM {table} WHERE driver_id = 'DRV-0004'" for table in tables)
    await kept_and_then(audited, f"{quiet};{gone}", "/admin/drivers/DRV-0004")
    await until(lambda: audit(audited).done == 1)
    assert audit(audited).stale == 1


async def test_what_telemetry_changes_is_no_finding(audited: Api) -> None:
    await kept_and_then(audited, "UPDATE driver_summary SET trips = trips + 1 WHERE driver_id = 'DRV-0001'")
    await until(lambda: audit(audited).done == 1)
    assert audit(audited).stale == 0
