"""The cache as an admin sees it: its state, clearing, and what a Redis that cannot be used looks like."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

import pytest

from roadlens import freshness
from roadlens.cache.history import STEP_S
from roadlens.domain import Role
from roadlens.observability.cache_observer import hits_and_misses
from roadlens.storage.database import Database
from tests.support.api import Api, open_api
from tests.support.valkey import Valkey, free_port

SUMMARY = "/admin/dashboard/summary"
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def prefix(state: dict[str, list[dict[str, object]]], name: str) -> dict[str, object]:
    (found,) = [each for each in state["prefixes"] if each["key_prefix"] == name]
    return found


async def test_what_is_counted_is_shown(fleet: Api) -> None:
    assert (await fleet.answer("/admin/cache"))["prefixes"] == []
    for _ in range(4):
        await fleet.get(SUMMARY)
    await fleet.get("/admin/drivers/DRV-9999")
    state = await fleet.answer("/admin/cache")
    counts = prefix(state, "dashboard_summary")
    assert {name: counts[name] for name in ("hits", "misses", "bypasses", "entries", "hit_rate")} == {
        "hits": 3, "misses": 1, "bypasses": 0, "entries": 1, "hit_rate": 75.0,
    }  # fmt: skip
    assert isinstance(counts["bytes"], int)
    assert counts["bytes"] > 100
    assert prefix(state, "driver_detail")["bypasses"] == 1
    assert state["redis"] == {"configured": False, "usable": False}
    (worker,) = state["workers"]
    assert (worker["lease"], worker["answers_this"]) == ("held", True)
    assert 0 < worker["memory_bytes"] < worker["memory_limit_bytes"]
    assert state["audit"]["stale"] == 0


async def test_the_last_hour_is_shown_by_prefix(fleet: Api) -> None:
    history = fleet.app.state.server.history
    with fleet.statements() as statements:
        assert (await fleet.answer("/admin/cache"))["history"]["prefixes"] == []
    assert len(statements) == 2, "who asks, and the workers"
    for _ in range(4):
        await fleet.get(SUMMARY)
    ends = history.hour().until.timestamp()
    history.take(hits_and_misses(fleet.app.state.metrics), ends + STEP_S)  # as at the end of the step
    await fleet.get(SUMMARY)
    history.take(hits_and_misses(fleet.app.state.metrics), ends + 2 * STEP_S)
    shown = (await fleet.answer("/admin/cache"))["history"]
    assert shown["prefixes"] == [{"key_prefix": "dashboard_summary", "hits": [3, 1], "misses": [1, 0]}]
    assert shown["step_s"] == STEP_S
    assert datetime.fromisoformat(shown["until"]).timestamp() == ends + 2 * STEP_S


async def test_what_made_answers_stale_is_shown_with_its_cause(fleet: Api) -> None:
    before = len((await fleet.answer("/admin/cache"))["invalidations"])
    await fleet.send("PATCH", "/admin/drivers/DRV-0001", {"city": "Oslo"})
    async with fleet.database.write() as session:
        await session.execute("UPDATE vehicles SET name = 'Bus' WHERE vehicle_id = 'VEH-0001'")
    await fleet.send("POST", "/admin/cache/clear?pattern=*drivers_list*")
    found = (await fleet.answer("/admin/cache"))["invalidations"]
    assert len(found) == before + 3
    assert [(each["cause"], each["tables"], each["tags"]) for each in found[:3]] == [
        ("clear", [], ["prefix:drivers_list"]),
        ("edit", ["vehicles"], ["vehicle:VEH-0001", "vehicles"]),
        ("edit", ["drivers"], ["driver:DRV-0001", "drivers"]),
    ]
    moments = [datetime.fromisoformat(each["at"]) for each in found]
    assert moments == sorted(moments, reverse=True)


async def test_clearing_makes_the_next_answer_a_miss(fleet: Api) -> None:
    for path in (SUMMARY, "/admin/drivers", "/admin/drivers?limit=7"):
        await fleet.trusting(path)
    cleared = await fleet.send("POST", "/admin/cache/clear?pattern=*drivers_list*")
    assert (cleared.status_code, cleared.json()) == (200, {"pattern": "*drivers_list*", "cleared": 2})
    assert "stored" in (await fleet.trusting("/admin/drivers")).headers["Cache-Status"]
    assert "hit" in (await fleet.trusting(SUMMARY)).headers["Cache-Status"]
    assert (await fleet.send("POST", "/admin/cache/clear")).json()["cleared"] == 2
    assert "stored" in (await fleet.trusting(SUMMARY)).headers["Cache-Status"]
    log = (await fleet.answer("/admin/audit"))["items"]
    assert [(entry["actor"], entry["entity"], entry["entity_id"]) for entry in log[:2]] == [
        ("admin", "cache", "*"),
        ("admin", "cache", "*drivers_list*"),
    ]


async def test_a_load_under_way_brings_nothing_back_that_was_cleared(fleet: Api) -> None:
    """1. A load begins and waits. 2. All is cleared. 3. The load ends, and what it gave is not found again."""
    async with fleet.database.write() as holder:
        await holder.execute("LOCK TABLE fleet_totals IN ACCESS EXCLUSIVE MODE")  # 1
        asking = asyncio.create_task(fleet.get(SUMMARY))
        async with asyncio.timeout(120), fleet.database.read() as looking:
            while not await looking.value(_WAITING):  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(0.005)
        assert (await fleet.send("POST", "/admin/cache/clear")).status_code == 200  # 2
    assert (await asking).status_code == 200  # 3
    assert "stored" in (await fleet.trusting(SUMMARY)).headers["Cache-Status"]


@pytest.mark.parametrize("pattern", ["*drivers_list*", "drivers_list", "response_cache:driver*", "*DRV-0001*", "*"])
async def test_what_clearing_would_reach_is_what_it_reaches(fleet: Api, pattern: str) -> None:
    before = (await fleet.answer("/admin/cache"))["invalidations"]
    told = (await fleet.get(f"/admin/cache/reach?pattern={pattern}", Role.VIEWER)).json()
    assert (await fleet.answer("/admin/cache"))["invalidations"] == before, "nothing is cleared"
    await fleet.send("POST", f"/admin/cache/clear?pattern={pattern}")
    raised, *rest = (await fleet.answer("/admin/cache"))["invalidations"]
    assert rest == before
    assert len(told["prefixes"]) == len(raised["tags"]) + raised["more"]
    assert [f"prefix:{prefix}" for prefix in told["prefixes"]][: len(raised["tags"])] == raised["tags"]
    assert told["of"] == len(freshness.prefixes())


async def test_a_viewer_looks_and_does_not_clear(fleet: Api) -> None:
    await fleet.trusting(SUMMARY)
    assert (await fleet.get("/admin/cache", Role.VIEWER)).status_code == 200
    assert (await fleet.send("POST", "/admin/cache/clear", role=Role.VIEWER)).status_code == 403
    assert "hit" in (await fleet.trusting(SUMMARY)).headers["Cache-Status"]


@pytest.mark.parametrize("pattern", ["", "x" * 501, "%00"])
async def test_a_pattern_that_is_none(fleet: Api, pattern: str) -> None:
    assert (await fleet.get(f"/admin/cache/reach?pattern={pattern}")).status_code == 422
    assert (await fleet.send("POST", f"/admin/cache/clear?pattern={pattern}")).status_code == 422


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"ROADLENS_REDIS_USERNAME": "roadlens", "REDIS_PASSWORD": "the wrong one"}, "REDIS_PASSWORD"),
        ({"REDIS_PORT": str(free_port())}, "REDIS_PORT"),
        ({"REDIS_HOST": "no-such-host.invalid"}, "REDIS_HOST"),
    ],
)
async def test_a_redis_that_cannot_be_used_is_said_once_and_shown(
    database: Database,
    database_url: str,
    password_hash: str,
    valkey: Valkey,
    caplog: pytest.LogCaptureFixture,
    settings: dict[str, str],
    advice: str,
) -> None:
    here = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(valkey.port)}
    async with open_api(database, database_url, password_hash, **(here | settings)) as api:
        statuses = [(await api.trusting(SUMMARY)).headers["Cache-Status"] for _ in range(3)]
        assert ["hit" in status for status in statuses] == [False, True, True]
        assert (await api.send("POST", "/admin/drivers", {"first_name": "A", "last_name": "B"})).status_code == 201
        assert (await api.answer(SUMMARY))["total_drivers"] == 1
        redis = (await api.answer("/admin/cache"))["redis"]
        assert (redis["configured"], redis["usable"]) == (True, False)
        assert advice in redis["trouble"]
    cache = [record for record in caplog.records if record.name.startswith("roadlens.cache")]
    warnings = [record.getMessage() for record in cache if record.levelno >= logging.WARNING]
    assert [advice in warning for warning in warnings] == [True]
    assert "the wrong one" not in caplog.text
