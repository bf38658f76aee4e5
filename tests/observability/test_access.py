"""A line for each request: who, what, with what in return, and which statements it ran itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from roadlens.app import templates
from roadlens.cache.loading import computing_anew
from roadlens.observability.access import UNKNOWN_CLIENT, Clients
from roadlens.observability.journal import Journal, Requests
from roadlens.storage.database import Database
from tests.support.api import PASSWORD, Api, open_api
from tests.support.log_file import LogFile, opened_log
from tests.support.postgres import Server
from tests.support.valkey import PATIENCE_S, Valkey

SUMMARY = "/api/v1/admin/dashboard/summary"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogFile]:
    with opened_log(tmp_path / "log") as opened:
        yield opened


@asynccontextmanager
async def logged(
    postgres: Server, template: str, password_hash: str, log: LogFile, requests: Requests = "all", /, **settings: str
) -> AsyncIterator[Api]:
    with postgres.copy_of(template) as url:
        database = Database.open(url, pool_size=5, max_connections=20, durable=True)
        journal = Journal(log.handler, requests=requests)
        async with open_api(database, url, password_hash, journal, **settings) as opened:
            yield opened
        await database.close()


@pytest.fixture
async def asked(postgres: Server, fleet_template: str, password_hash: str, log: LogFile) -> AsyncIterator[Api]:
    async with logged(postgres, fleet_template, password_hash, log, ROADLENS_CACHE_AUDIT="0") as opened:
        yield opened


async def test_a_miss_then_a_hit(asked: Api, log: LogFile) -> None:
    answers = [await asked.get("/admin/dashboard/summary") for _ in range(2)]
    miss, hit = log.of(logger="roadlens.access")
    for line, answer in zip((miss, hit), answers, strict=True):
        assert line["level"] == "info"
        assert line["message"] == f"GET {SUMMARY} 200"
        assert (line["method"], line["route"], line["endpoint"], line["status"]) == ("GET", SUMMARY, "summary", 200)
        assert line["request_id"] == answer.headers["X-Request-ID"]
        assert line["bytes"] == len(answer.content)
        assert line["client"] == "127.0.0.1"
        assert line["user_id"] > 0
        assert line["ms"] > 0
    assert miss["cache"] == "miss"
    assert miss["statements"] == 2, "whose token it is, and the answer"
    assert 0 < miss["statement_ms"] < miss["ms"]
    assert (hit["cache"], hit["statements"], hit["statement_ms"]) == ("hit memory", 0, 0.0)


async def test_parameters_and_what_is_asked_for_are_not_told(asked: Api, log: LogFile) -> None:
    await asked.get("/admin/drivers", search="Geheim")
    await asked.get("/admin/drivers/DRV-GEHEIM")
    await asked.client.get("/geheim/geheim?geheim=geheim")
    await asked.client.request("GEHEIM", "/api/v1/admin/drivers")
    await asked.send("POST", "/auth/login", {"username": "geheim", "password": "geheim-geheim"})
    assert "geheim" not in log.text.lower()
    lines = log.of(logger="roadlens.access")
    assert [line.get("route") for line in lines] == [
        "/api/v1/admin/drivers",
        "/api/v1/admin/drivers/{driver_id}",
        None,
        "/api/v1/admin/drivers",
        "/api/v1/auth/login",
    ]
    assert [line["cache"] for line in lines] == ["miss", "miss unkept", "none", "none", "none"]
    assert lines[3]["method"] == "other"
    assert ["user_id" in line for line in lines] == [True, True, False, False, False]


async def test_who_asks_is_told_of_edits_and_refusals_too(asked: Api, log: LogFile) -> None:
    made = await asked.send("POST", "/admin/drivers", {"first_name": "Eva", "last_name": "Neu"})
    assert made.status_code == 201, made.text
    await asked.client.get(SUMMARY)
    edit, refusal = log.of(logger="roadlens.access")
    assert (edit["status"], edit["cache"]) == (201, "none")
    assert edit["user_id"] > 0
    assert edit["statements"] >= 3
    assert refusal["status"] == 401
    assert "user_id" not in refusal


@pytest.mark.parametrize("path", ["login", "token"])
async def test_who_signs_in_is_told_once_that_is_known(asked: Api, log: LogFile, path: str) -> None:
    me = await asked.answer("/auth/me")
    for password in (PASSWORD, "another one, and wrong"):
        told = {"username": me["username"], "password": password}
        body, form = (told, None) if path == "login" else (None, told)
        await asked.client.post(f"/api/v1/auth/{path}", json=body, data=form)
    right, wrong = log.of(logger="roadlens.access")[1:]
    assert (right["status"], right["user_id"]) == (200, me["user_id"])
    assert (wrong["status"], "user_id" in wrong) == (401, False)


async def test_of_those_who_wait_for_one_load_one_runs_its_statements(asked: Api, log: LogFile) -> None:
    await asked.get("/admin/dashboard/stats")  # the token is known from now on
    with asked.statements() as ran:
        await asyncio.gather(*(asyncio.create_task(asked.get("/admin/dashboard/summary")) for _ in range(8)))
    lines = log.of(endpoint="summary")
    assert len(lines) == 8
    assert sorted(line["cache"] for line in lines) == ["miss"] + ["miss collapsed"] * 7
    assert {line["cache"]: line["statements"] for line in lines} == {"miss": len(ran), "miss collapsed": 0}
    assert len(ran) > 0


async def test_a_refresh_is_a_line_of_its_own_and_no_statement_of_the_hit(asked: Api, log: LogFile) -> None:
    await asked.get("/admin/dashboard/summary")
    memory = asked.app.state.server.cache.memory
    (entry,) = [held for name, (held, _, _) in memory._entries.items() if ":dashboard_summary:" in name]
    entry.no_younger_than(entry.began_at - 57.0)  # of 60 seconds: who asks now has it refreshed
    answer = await asked.get("/admin/dashboard/summary")
    await asyncio.gather(*asked.app.state.server.cache._flights._under_way.values())
    first, hit, refresh = log.of(logger="roadlens.access")
    assert (hit["cache"], hit["statements"]) == ("hit memory", 0)
    assert refresh["cache"] == "refresh"
    assert refresh["request_id"] == hit["request_id"] == answer.headers["X-Request-ID"]
    assert refresh["statements"] == first["statements"] - 1, "all but the look for whose token it is"
    assert (refresh["endpoint"], refresh["message"]) == ("summary", "refresh summary")


@pytest.mark.parametrize(("requests", "told"), [("all", ["miss", "hit memory"]), ("computed", ["miss"]), ("none", [])])
async def test_which_requests_are_told(
    requests: Requests, told: list[str], postgres: Server, fleet_template: str, password_hash: str, log: LogFile
) -> None:
    async with logged(postgres, fleet_template, password_hash, log, requests, ROADLENS_CACHE_AUDIT="0") as api:
        for _ in range(2):
            await api.get("/admin/dashboard/summary")
    assert [line["cache"] for line in log.of(logger="roadlens.access")] == told


async def test_a_failure_is_a_warning_with_its_request(asked: Api, log: LogFile) -> None:
    @asked.app.get("/breaks")
    async def breaks() -> None:
        raise RuntimeError("unexpected")

    answer = await asked.client.get("/breaks")
    (line,) = log.of(logger="roadlens.access")
    assert (line["level"], line["status"], line["request_id"]) == ("warning", 500, answer.headers["X-Request-ID"])


async def test_a_proxy_is_believed_if_it_is_trusted(
    postgres: Server, fleet_template: str, password_hash: str, log: LogFile
) -> None:
    headers = {"X-Forwarded-For": "203.0.113.9"}
    async with logged(
        postgres, fleet_template, password_hash, log, ROADLENS_TRUSTED_PROXIES="127.0.0.1", ROADLENS_CACHE_AUDIT="0"
    ) as api:
        for _ in range(2):
            await api.client.get("/healthz", headers=headers)
            await api.client.get(
                SUMMARY, headers={**headers, "Authorization": f"Bearer {next(iter(api.tokens.values()))}"}
            )
    assert [line["client"] for line in log.of(logger="roadlens.access")] == ["203.0.113.9"] * 4
    assert [line["cache"] for line in log.of(endpoint="summary")] == ["miss", "hit memory"]


@pytest.mark.parametrize("invented", ["evil\x1b[31m", "a b", "203.0.113.9\n", "<script>", ""])
def test_an_invented_address_is_none(invented: str) -> None:
    clients = Clients(["127.0.0.1"])
    scope = {"client": ("127.0.0.1", 1), "headers": [(b"x-forwarded-for", invented.encode())]}
    assert clients.of(scope) in (UNKNOWN_CLIENT, "203.0.113.9")
    assert Clients([]).of({"client": None}) == UNKNOWN_CLIENT


async def test_no_two_routes_share_an_endpoint_s_name(asked: Api) -> None:
    """Else the line would name the other one's template."""
    found = templates(asked.app)
    assert found["get_driver"] == "/api/v1/admin/drivers/{driver_id}"
    assert len(set(found.values())) > 40


async def test_a_hit_in_redis_says_so(
    postgres: Server, fleet_template: str, password_hash: str, log: LogFile, valkey: Valkey
) -> None:
    redis = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(valkey.port), "ROADLENS_CACHE_MEMORY_MB": "0"}
    lines: list[dict[str, Any]] = []
    async with logged(postgres, fleet_template, password_hash, log, **redis, ROADLENS_CACHE_AUDIT="0") as api:
        async with asyncio.timeout(PATIENCE_S):
            # A request gives Redis 50 ms; on a busy machine it may be a while until these are enough.
            while not lines or lines[-1]["cache"] != "hit redis":
                await api.get("/admin/dashboard/summary")
                await asyncio.gather(*api.app.state.server.cache._behind)
                lines = log.of(logger="roadlens.access")
    assert "miss" in [line["cache"] for line in lines]
    assert lines[-1]["statements"] == 0


async def test_who_asks_is_known_where_the_cache_is_not_trusted(asked: Api, log: LogFile) -> None:
    with computing_anew():
        await asked.get("/admin/dashboard/summary")
    (line,) = log.of(logger="roadlens.access")
    assert line["cache"] == "bypass"
    assert line["user_id"] > 0
    assert line["statements"] >= 2
