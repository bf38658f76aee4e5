"""Signing in at two servers over one database, behind a proxy that they trust: they are one door to a guesser."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.support.installation import ADMIN_PASSWORD, Api, Installation

GUESSER, USER = "203.0.113.66", "192.0.2.1"


@pytest.fixture
def settings(database_url: str) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "ROADLENS_SECRET_KEY": "the same on both servers, and long enough"}


def knock(server: Api, password: str, at: str) -> httpx.Response:
    credentials = {"username": "admin", "password": password}
    return server.client.post("/auth/login", json=credentials, headers={"X-Forwarded-For": at})


def test_two_servers_share_the_budgets(tmp_path: Path, settings: dict[str, str]) -> None:
    settings["ROADLENS_TRUSTED_PROXIES"] = "127.0.0.0/8"
    with ExitStack() as stack:
        servers = [stack.enter_context(Installation(tmp_path / name, settings).server()) for name in ("a", "b")]
        statuses = [knock(servers[number % 2], "wrong", GUESSER).status_code for number in range(12)]
        assert statuses == [401] * 10 + [429] * 2
        for server in servers:
            assert knock(server, ADMIN_PASSWORD, GUESSER).headers["Retry-After"].isdigit()
            assert knock(server, ADMIN_PASSWORD, USER).status_code == 200
        # What one has ended, the other does not accept.
        token = {"Authorization": servers[0].client.headers["Authorization"]}
        assert servers[1].client.get("/admin/users", headers=token).status_code == 200
        assert servers[0].client.post("/auth/logout").status_code == 204
        assert servers[1].client.get("/admin/users", headers=token).status_code == 401


def test_without_that_setting_nobody_is_believed(tmp_path: Path, settings: dict[str, str]) -> None:
    with Installation(tmp_path / "data", settings).server() as server:
        statuses = [knock(server, "wrong", f"203.0.113.{number}").status_code for number in range(11)]
        assert statuses == [401] * 10 + [429]
        page = httpx.get(str(server.client.base_url.join("/docs")))
        assert page.status_code == 200
        assert "://" not in page.text
