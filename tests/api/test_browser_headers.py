"""What depends on who asks: HTTPS for good behind a proxy that says so, and other sites' pages where they are named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from httpx import ASGITransport, AsyncClient, Response
from pydantic import ValidationError

from roadlens.domain import Role
from roadlens.settings import Settings
from roadlens.storage.database import Database
from tests.support.api import Api, open_api

FRIEND, STRANGER = "https://fleet.example", "https://evil.example"
PROXY, CLIENT = "10.1.2.3", "203.0.113.5"
LIST = "/api/v1/admin/users"
PREFLIGHT = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}


@asynccontextmanager
async def site(database: Database, url: str, password_hash: str, **settings: str) -> AsyncIterator[Api]:
    async with open_api(database, url, password_hash, **settings) as api:
        yield api


async def ask(api: Api, path: str = LIST, method: str = "GET", *, host: str = CLIENT, **headers: str) -> Response:
    """As a browser at that address does; names of headers have `_` for `-`."""
    sent = {"Authorization": f"Bearer {api.tokens[Role.ADMIN]}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    transport = ASGITransport(api.app, client=(host, 1))
    async with AsyncClient(transport=transport, base_url="http://roadlens.test") as client:
        return await client.request(method, path, headers=sent)


def allowed(answer: Response) -> set[str]:
    return {name for name in answer.headers if name.startswith("access-control-")}


async def test_by_default_no_other_site_s_page_reads_anything(api: Api) -> None:
    for path in (LIST, LIST, "/healthz", "/nothing", "/"):
        for method in ("GET", "OPTIONS"):
            answer = await ask(api, path, method, Origin=STRANGER, **PREFLIGHT)
            assert not allowed(answer), (path, method)
            assert "Strict-Transport-Security" not in answer.headers
    assert (await ask(api, LIST, "OPTIONS", Origin=STRANGER, **PREFLIGHT)).status_code == 405


async def test_a_named_origin_may_read_misses_hits_and_refusals(
    database: Database, database_url: str, password_hash: str
) -> None:
    async with site(database, database_url, password_hash, ROADLENS_CORS_ORIGINS=FRIEND) as api:
        await api.hit("/admin/users")  # kept of a request that named no origin
        asked = [
            await ask(api, "/api/v1/admin/trips", Origin=STRANGER),
            await ask(api, "/api/v1/admin/trips", Origin=FRIEND),
            await ask(api, Origin=STRANGER),
            await ask(api, Origin=FRIEND),
            await ask(api, Origin=STRANGER),
            await ask(api),
            await ask(api, Origin=FRIEND, Authorization="Bearer none"),
            await ask(api, "/api/v1/admin/drivers/nobody", Origin=FRIEND),
        ]
        for answer in asked:
            friendly = answer.request.headers.get("Origin") == FRIEND
            assert answer.headers.get_list("Access-Control-Allow-Origin") == ([FRIEND] if friendly else [])
            assert "origin" in answer.headers["Vary"]
            assert "Access-Control-Allow-Credentials" not in answer.headers
            assert answer.headers.get_list("Content-Security-Policy") == [answer.headers["Content-Security-Policy"]]


async def test_a_preflight_of_a_named_origin_alone_is_answered(
    database: Database, database_url: str, password_hash: str
) -> None:
    async with site(
        database, database_url, password_hash, ROADLENS_CORS_ORIGINS=f"{FRIEND}, http://127.0.0.1:3000"
    ) as api:
        for origin in (FRIEND, "http://127.0.0.1:3000"):
            answer = await ask(api, "/api/v1/admin/drivers/DRV-1", "OPTIONS", Origin=origin, **PREFLIGHT)
            assert (answer.status_code, answer.content) == (204, b"")
            assert answer.headers["Access-Control-Allow-Origin"] == origin
            assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
            assert "authorization" in answer.headers["Access-Control-Allow-Headers"]
        for origin in (STRANGER, "https://fleet.example.evil.example", "null", "https://FLEET.example"):
            answer = await ask(api, LIST, "OPTIONS", Origin=origin, **PREFLIGHT)
            assert (answer.status_code, allowed(answer)) == (405, set()), origin


async def test_only_a_trusted_proxy_s_word_makes_https_binding(
    database: Database, database_url: str, password_hash: str
) -> None:
    async with site(database, database_url, password_hash, ROADLENS_TRUSTED_PROXIES="10.1.0.0/16") as api:
        await api.hit("/admin/users")
        for path in (LIST, LIST, "/nothing", "/healthz"):
            for host, scheme, bound in ((PROXY, "https", True), (PROXY, "http", False), (CLIENT, "https", False)):
                answer = await ask(api, path, host=host, X_Forwarded_Proto=scheme)
                said = answer.headers.get_list("Strict-Transport-Security")
                assert said == (["max-age=31536000; includeSubDomains"] if bound else []), (path, host, scheme)


@pytest.mark.parametrize("wrong", ["*", "https://*.example", "https://fleet.example/", "fleet.example", "https://a b"])
def test_an_origin_is_exact(wrong: str) -> None:
    with pytest.raises(ValidationError, match="list origins as browsers send them"):
        Settings.model_validate({"ROADLENS_CORS_ORIGINS": wrong})
