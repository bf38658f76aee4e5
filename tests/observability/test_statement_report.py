"""Which statements a request has run, and which of them again and again."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextvars import copy_context
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from roadlens.observability.journal import Journal
from roadlens.observability.statement_report import MOST
from roadlens.storage.database import Database
from roadlens.storage.reads import users
from tests.support.api import Api, open_api
from tests.support.log_file import LogFile, opened_log
from tests.support.postgres import Server

PARAMETERS = {"{driver_id}": "DRV-0001", "{user_id}": "1"}


@pytest.fixture
async def watched(
    postgres: Server, fleet_template: str, password_hash: str, tmp_path: Path
) -> AsyncIterator[tuple[Api, LogFile]]:
    with opened_log(tmp_path / "log") as log, log.listening(), postgres.copy_of(fleet_template) as url:
        database = Database.open(url, pool_size=5, max_connections=20, durable=True)
        journal = Journal(log.handler, sql=True)
        async with open_api(database, url, password_hash, journal, ROADLENS_CACHE_AUDIT="0") as opened:
            yield opened, log
        await database.close()


async def test_a_request_s_statements_by_their_text(watched: tuple[Api, LogFile]) -> None:
    api, log = watched
    answer = await api.get("/admin/drivers", search="Geheim")
    lines = log.of(logger="roadlens.sql")
    (access,) = log.of(endpoint="list_drivers")
    assert sum(line["count"] for line in lines) == access["statements"] > 1
    assert all(line["request_id"] == answer.headers["X-Request-ID"] for line in lines)
    assert [line["statement_ms"] for line in lines] == sorted((line["statement_ms"] for line in lines), reverse=True)
    assert any("FROM users" in line["sql"] for line in lines)
    assert all("\n" not in line["sql"] for line in lines)
    assert "Geheim" not in log.text


async def test_a_loop_over_a_read_is_flagged(watched: tuple[Api, LogFile]) -> None:
    api, log = watched

    @api.app.get("/loops/{times}")
    async def loops(times: int) -> None:
        async with api.database.read() as session:
            for user in range(times):
                await users.one(session, user)

    await api.client.get(f"/loops/{MOST}")
    assert log.of(n_plus_1=True) == []
    answer = await api.client.get(f"/loops/{MOST + 1}")
    assert answer.status_code == 200, answer.text
    (flagged,) = log.of(n_plus_1=True)
    assert (flagged["level"], flagged["count"]) == ("warning", MOST + 1)
    assert flagged["message"].startswith("N+1: GET")
    assert "FROM users WHERE user_id" in flagged["sql"]


async def test_no_admin_route_runs_a_statement_again_and_again(watched: tuple[Api, LogFile]) -> None:
    api, log = watched
    trips = (await api.answer("/admin/trips"))["items"]
    known = {**PARAMETERS, "{trip_id}": trips[0]["trip_id"]}
    asked = [
        route.path.removeprefix("/api/v1")
        for route in iter_route_contexts(api.app.routes)
        if route.path and route.path.startswith("/api/v1/admin") and "GET" in (route.methods or ())
    ]
    assert len(asked) > 20
    for path in asked:
        await api.get(re.sub(r"{\w+}", lambda found: known.get(found[0], "1"), path))
    assert log.of(n_plus_1=True) == []
    reported = {line["message"].partition(" ran this")[0] for line in log.of(logger="roadlens.sql")}
    assert len(reported) > 20, "they were watched"


def test_nothing_is_kept_for_who_does_not_ask() -> None:
    work = copy_context().run(Journal(sql=False).begin, b"abc", "GET", {})
    assert work.sql is None
