"""Scores and statistics for other code: what the endpoints answer, as fresh as they are, and no younger than it is."""

from __future__ import annotations

import time

import pytest

from roadlens.api import lookups
from roadlens.api.schemas.risk import DriverRisk
from roadlens.api.schemas.statistics import DriverStatistics
from roadlens.cache.engine import Cache
from roadlens.cache.entry import Entry
from roadlens.cache.keys import value_key
from roadlens.errors import NotFound
from roadlens.freshness import risk_score
from tests.support.api import Api

DRIVER = "DRV-0001"


def cache(api: Api) -> Cache:
    found: Cache = api.app.state.server.cache
    return found


async def never() -> DriverRisk:
    raise AssertionError("it is kept, so nothing is loaded")


async def test_nothing_is_loaded_by_who_only_looks(fleet: Api) -> None:
    with fleet.statements() as seen:
        assert await lookups.get_cached_risk_score(cache(fleet), DRIVER) is None
        assert await lookups.get_cached_driver_statistics(cache(fleet), DRIVER) is None
    assert seen == []


async def test_what_an_endpoint_has_answered_is_there(fleet: Api) -> None:
    answered = await fleet.answer(f"/admin/drivers/{DRIVER}/risk")
    with fleet.statements() as seen:
        found = await lookups.get_cached_risk_score(cache(fleet), DRIVER)
        same = await lookups.cache_risk_score(cache(fleet), DRIVER, never)
    assert seen == []
    assert found is not None
    assert found == same
    assert found.model_dump(mode="json") == answered
    answered = await fleet.answer(f"/admin/drivers/{DRIVER}/statistics", period_days=7)
    statistics = await lookups.get_cached_driver_statistics(cache(fleet), DRIVER, 7)
    assert statistics is not None
    assert statistics.model_dump(mode="json") == answered
    assert await lookups.get_cached_driver_statistics(cache(fleet), DRIVER) is None
    assert await lookups.get_cached_driver_statistics(cache(fleet), "DRV-0002", 7) is None


async def test_what_other_code_has_loaded_the_endpoint_answers(fleet: Api) -> None:
    empty = DriverRisk.model_validate(await fleet.answer("/admin/drivers/DRV-0004/risk"))
    statistics = DriverStatistics.model_validate(await fleet.answer("/admin/drivers/DRV-0004/statistics"))
    loads = []

    async def load() -> DriverRisk:
        loads.append("risk")
        return empty

    async def load_statistics() -> DriverStatistics:
        loads.append("statistics")
        return statistics

    for _ in range(2):
        assert await lookups.cache_risk_score(cache(fleet), "DRV-0002", load) == empty
        assert await lookups.cache_driver_statistics(cache(fleet), "DRV-0002", load_statistics) == statistics
    assert loads == ["risk", "statistics"]
    # The same values, in an answer that is computed of them.
    assert (await fleet.answer("/admin/drivers/DRV-0002/risk"))["driver_id"] == "DRV-0004"


@pytest.mark.parametrize(
    "edit",
    [
        ("PATCH", f"/admin/drivers/{DRIVER}", {"city": "X"}),
        ("PATCH", "/admin/assignments/1", {"vehicle_id": "VEH-0002"}),
    ],
)
async def test_an_edit_makes_it_stale(fleet: Api, edit: tuple[str, str, dict[str, str]]) -> None:
    for driver in (DRIVER, "DRV-0002"):
        await fleet.answer(f"/admin/drivers/{driver}/risk")
        await fleet.answer(f"/admin/drivers/{driver}/statistics")
    method, path, body = edit
    assert (await fleet.send(method, path, body)).status_code == 200
    assert await lookups.get_cached_risk_score(cache(fleet), DRIVER) is None
    assert await lookups.get_cached_driver_statistics(cache(fleet), DRIVER) is None
    assert await lookups.get_cached_risk_score(cache(fleet), "DRV-0002") is not None
    assert await lookups.get_cached_driver_statistics(cache(fleet), "DRV-0002") is not None


async def test_an_answer_is_no_younger_than_the_value_it_is_made_of(fleet: Api) -> None:
    value = DriverRisk.model_validate(await fleet.answer(f"/admin/drivers/{DRIVER}/risk"))
    await fleet.send("POST", "/admin/cache/clear")
    key = value_key(risk_score.policy, {"driver_id": DRIVER}, {})
    old = Entry.of_value(value.model_dump_json().encode(), time.time() - 100)
    cache(fleet).memory.put(key.at(cache(fleet).versions), "risk_score", old)
    assert (await fleet.trusting(f"/admin/drivers/{DRIVER}/risk")).headers[
        "Cache-Status"
    ] == "roadlens; fwd=miss; stored"
    assert 100 <= int((await fleet.trusting(f"/admin/drivers/{DRIVER}/risk")).headers["Age"]) < 180


async def test_what_fails_is_not_kept(fleet: Api) -> None:
    async def load() -> DriverRisk:
        raise NotFound("no such driver")

    with pytest.raises(NotFound):
        await lookups.cache_risk_score(cache(fleet), "DRV-9999", load)
    assert await lookups.get_cached_risk_score(cache(fleet), "DRV-9999") is None
    missing = await fleet.trusting("/admin/drivers/DRV-9999/risk")
    assert (missing.status_code, missing.headers["Cache-Status"]) == (404, "roadlens; fwd=miss")


async def test_clearing_the_endpoint_s_prefix_clears_these_too(fleet: Api) -> None:
    await fleet.answer(f"/admin/drivers/{DRIVER}/risk")
    await fleet.send("POST", "/admin/cache/clear?pattern=risk_score")
    assert await lookups.get_cached_risk_score(cache(fleet), DRIVER) is None
