"""Routes and the cache: which key a request has, which declarations stop the start, and what a whole hit costs."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import pytest
from fastapi import APIRouter, FastAPI, Query

from roadlens.api.caching import find_key
from roadlens.api.security import may_administer, may_view
from roadlens.app import V1, v1
from roadlens.cache.http import FindKey
from roadlens.cache.keys import Key
from roadlens.cache.policy import PolicyError, cache_response
from roadlens.domain import Audience, Role
from tests.support.api import Api
from tests.support.scrape import Scrape

KEPT = "roadlens; fwd=miss; stored"


@pytest.fixture(scope="module")
def find() -> FindKey:
    """The keys of Roadlens's own routes."""
    api = FastAPI()
    api.include_router(v1(), prefix=V1)
    return find_key(api)


def key(find: FindKey, address: str) -> Key | None:
    parts = urlsplit(f"/api/v1{address}")
    return find(parts.path, parts.query.encode())


def app(*routers: APIRouter) -> FastAPI:
    made = FastAPI()
    for router in routers:
        made.include_router(router)
    return made


def hit(status: str) -> bool:
    return status.startswith("roadlens; hit") and status.endswith("detail=memory")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("/admin/drivers", "/admin/drivers?limit=100&skip=0&sort=driver_id"),
        ("/admin/drivers?skip=0&limit=0100", "/admin/drivers?limit=100&skip=0&sort=driver_id"),
        ("/admin/drivers?utm=1&limit=5&LIMIT=7", "/admin/drivers?limit=5&skip=0&sort=driver_id"),
        ("/admin/drivers?limit=5&limit=6", "/admin/drivers?limit=6&skip=0&sort=driver_id"),
        ("/admin/drivers?search=a%20b", "/admin/drivers?limit=100&search=a%20b&skip=0&sort=driver_id"),
        ("/admin/drivers?search=a@drivers.1", "/admin/drivers?limit=100&search=a%40drivers.1&skip=0&sort=driver_id"),
        ("/admin/drivers/DRV-0001/statistics", "/admin/drivers/DRV-0001/statistics?period_days=30"),
        ("/admin/events?from=2026-01-01T01:00Z", "/admin/events?from=2026-01-01T01%3A00%3A00%2B00%3A00&limit=100"),
        ("/admin/dashboard/stats?days=7", "/admin/dashboard/stats"),
    ],
)
def test_what_means_the_same_has_one_key(find: FindKey, address: str, url: str) -> None:
    found = key(find, address)
    assert found is not None
    assert found.url == f"/api/v1{url}"


@pytest.mark.parametrize(
    "address",
    [
        "/admin/drivers?limit=0",
        "/admin/drivers?limit=x",
        "/admin/drivers?sort=shoe_size",
        "/admin/drivers?search=" + "x" * 201,
        "/admin/trips/no-uuid",
        "/admin/drivers/" + "%41" * 400,
        "/admin/vehicles/VEH-0001",
        "/admin/users/1",
        "/admin/devices",
        "/admin/audit",
        "/admin/cache",
        "/nothing",
    ],
)
def test_what_has_no_key(find: FindKey, address: str) -> None:
    assert key(find, address) is None


async def test_a_thousand_unknown_parameters_make_one_entry(fleet: Api) -> None:
    statuses = [
        (await fleet.trusting(f"/admin/dashboard/summary?x{number}=1")).headers["Cache-Status"] for number in range(50)
    ]
    many = await fleet.trusting("/admin/dashboard/summary?" + "&".join(f"y{number}={number}" for number in range(1000)))
    assert statuses[0] == KEPT
    assert all(map(hit, [*statuses[1:], many.headers["Cache-Status"]]))
    assert fleet.app.state.server.cache.memory.contents()["dashboard_summary"][0] == 1


async def test_what_is_asked_for_is_what_is_answered(fleet: Api) -> None:
    """Each key's parameters reach the endpoint as they were meant."""
    for _ in range(2):
        found = await fleet.answer("/admin/drivers", search="o'n", limit=1)
        assert [driver["driver_id"] for driver in found["drivers"]] == ["DRV-0004"]
        found = await fleet.answer("/admin/drivers", search="_%", limit=1)
        assert [driver["driver_id"] for driver in found["drivers"]] == ["DRV-0004"]
        assert (await fleet.answer("/admin/drivers", limit=1))["limit"] == 1
        assert len(await fleet.answer("/admin/dashboard/trip-activity", days=3)) == 3


async def test_a_hit_runs_no_statement(fleet: Api) -> None:
    for path in ("/admin/dashboard/summary", "/admin/drivers", "/admin/drivers/DRV-0001/risk"):
        assert (await fleet.trusting(path)).headers["Cache-Status"] == KEPT
        with fleet.statements() as seen:
            assert hit((await fleet.trusting(path, seen)).headers["Cache-Status"])
            assert hit((await fleet.trusting(path, seen, limit=100)).headers["Cache-Status"])
        assert seen == []


async def test_a_hit_counts_as_one_and_as_a_request_to_its_endpoint(fleet: Api) -> None:
    await fleet.get("/admin/dashboard/summary")
    before = Scrape.of(fleet.app.state.metrics)
    assert hit((await fleet.get("/admin/dashboard/summary")).headers["Cache-Status"])
    after = Scrape.of(fleet.app.state.metrics)
    counted = {series: value - before.values.get(series, 0) for series, value in after.values.items()}
    changed = {(name, labels) for (name, labels), more in counted.items() if more and name.endswith(("total", "count"))}
    kept = {"endpoint": "summary", "key_prefix": "dashboard_summary"}.items()
    asked = {"method": "GET", "endpoint": "summary"}.items()
    assert changed == {
        ("cache_hits_total", frozenset(kept)),
        ("http_requests_total", frozenset([*asked, ("status", "200")])),
        ("http_request_duration_seconds_count", frozenset(asked)),
    }
    assert after.value("cache_hit_rate", key_prefix="dashboard_summary") == 50


async def test_a_hit_needs_neither_routes_nor_database(fleet: Api) -> None:
    """All of the application behind the cache is taken away, and the hit is the same."""
    before = await fleet.trusting("/admin/dashboard/summary")
    await fleet.hit("/admin/dashboard/summary")
    fleet.app.router.routes.clear()
    await fleet.database.close()
    after = await fleet.get("/admin/dashboard/summary")
    assert hit(after.headers["Cache-Status"])
    assert (after.content, after.headers["ETag"]) == (before.content, before.headers["ETag"])
    assert (await fleet.get("/admin/dashboard/stats")).status_code == 404


async def test_every_answer_has_the_headers_of_the_rest(fleet: Api) -> None:
    """Security headers and a request id stand on hits, misses, 304s and HEADs alike."""
    miss = await fleet.trusting("/admin/dashboard/summary")
    hits = [await fleet.trusting("/admin/dashboard/summary")]
    token = {"Authorization": f"Bearer {fleet.tokens[Role.ADMIN]}"}
    url = "/api/v1/admin/dashboard/summary"
    hits.append(await fleet.client.head(url, headers=token))
    hits.append(await fleet.client.get(url, headers=token | {"If-None-Match": miss.headers["ETag"]}))
    assert [answer.status_code for answer in hits] == [200, 200, 304]
    assert [len(answer.content) for answer in hits] == [len(miss.content), 0, 0]
    for answer in hits:
        assert int(answer.headers["Age"]) >= 0
        assert answer.headers["Cache-Status"].startswith("roadlens; hit; ttl=")
    for answer in (miss, *hits):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["ETag"] == miss.headers["ETag"]
        assert answer.headers["X-Request-ID"]
    assert len({answer.headers["X-Request-ID"] for answer in (miss, *hits)}) == 4


async def test_what_is_wrong_is_said_as_ever_and_not_kept(fleet: Api) -> None:
    for _ in range(2):
        refused = await fleet.get("/admin/drivers", limit=0)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "limit")
        missing = await fleet.trusting("/admin/drivers/DRV-9999")
        assert (missing.status_code, missing.headers["Cache-Status"]) == (404, "roadlens; fwd=miss")
        assert missing.headers["Content-Type"] == "application/problem+json"
    made = await fleet.send("POST", "/admin/drivers", {"driver_id": "DRV-9999", "first_name": "N", "last_name": "M"})
    assert made.status_code == 201
    assert (await fleet.get("/admin/drivers/DRV-9999")).status_code == 200


def test_a_route_with_security_and_no_audience_stops_the_start() -> None:
    router = APIRouter(prefix="/v9", dependencies=[may_view])

    @router.get("/secret")
    @cache_response(ttl=60, key_prefix="secret")
    async def secret() -> int:
        return 1

    with pytest.raises(PolicyError, match=r"GET /v9/secret \(secret\) .*no audience"):
        find_key(app(router))


def test_a_route_whose_guard_is_another_than_its_audience_stops_the_start() -> None:
    router = APIRouter(prefix="/v9", dependencies=[may_administer])

    @router.get("/secret")
    @cache_response(ttl=60, key_prefix="secret", audience=Audience.VIEWERS)
    async def secret() -> int:
        return 1

    with pytest.raises(PolicyError, match=r"GET /v9/secret .*viewers.*another audience"):
        find_key(app(router))


def test_an_unknown_parameter_of_a_tag_function_stops_the_start() -> None:
    router = APIRouter(prefix="/v9")

    @router.get("/things/{thing_id}")
    @cache_response(ttl=60, key_prefix="thing", tags=lambda driver_id: [f"driver:{driver_id}"])
    async def thing(thing_id: str) -> str:
        return thing_id

    with pytest.raises(PolicyError, match=r"GET /v9/things/\{thing_id\} .*'driver_id'"):
        find_key(app(router))


def test_two_policies_under_one_prefix_stop_the_start() -> None:
    router = APIRouter(prefix="/v9")

    @router.get("/a")
    @cache_response(ttl=60, key_prefix="same")
    async def a() -> int:
        return 1

    @router.get("/b")
    @cache_response(ttl=61, key_prefix="same")
    async def b() -> int:
        return 1

    with pytest.raises(PolicyError, match=r"/v9/a and /v9/b .*'same'"):
        find_key(app(router))


@pytest.mark.parametrize("ttl", [0, -1, float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused_where_it_is_declared(ttl: float) -> None:
    with pytest.raises(PolicyError, match="'stats'"):
        cache_response(ttl=ttl, key_prefix="stats")


async def test_a_declaration_leaves_the_endpoint_as_it_is() -> None:
    router = APIRouter(prefix="/v9")
    declared = cache_response(ttl=60, key_prefix="sums")

    async def total(x: Annotated[int, Query()] = 2) -> int:
        return x + 1

    assert declared(total) is total
    router.get("/sum")(total)
    found = find_key(app(router))("/v9/sum", b"x=007")
    assert found is not None
    assert (found.endpoint, found.url) == ("total", "/v9/sum?x=7")
    assert await total(1) == 2
