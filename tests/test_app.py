"""The application as a whole: what its OpenAPI document promises, its headers, and the order of commit and answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from starlette.types import Message, Receive, Scope, Send

from roadlens.api.dependencies import Reading
from roadlens.api.headers import SECURITY_HEADERS
from roadlens.api.schemas.answer import Answer
from tests.support.api import Api


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


async def test_every_answer_has_an_example_that_is_one(api: Api) -> None:
    """An example that is not of the answer's shape would be worse than none."""
    document = api.app.openapi()
    kinds = {kind.__name__: kind for kind in Answer.kinds()}
    looked_at = set()
    for path, operation in operations(document):
        (answer,) = [found for status, found in operation["responses"].items() if status.startswith("2")]
        if "content" not in answer:
            continue
        if path.endswith(".csv"):
            assert list(answer["content"]) == ["text/csv"], path
            continue
        schema = answer["content"]["application/json"]["schema"]
        name = schema.get("items", schema)["$ref"].rpartition("/")[2]
        (example,) = document["components"]["schemas"][name]["examples"]
        assert kinds[name].model_validate(example).model_dump().keys() == example.keys(), path
        looked_at.add(name)
    assert len(looked_at) >= 15


async def test_every_error_is_described_as_a_problem(api: Api) -> None:
    document = api.app.openapi()
    assert document["components"]["schemas"]["Problem"]["required"] == ["type", "title", "status", "detail"]
    for path, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status == "304":
                assert "content" not in answer
                continue
            assert status.startswith("2") or list(answer["content"]) == ["application/problem+json"], (path, status)


async def test_what_answers_share_is_described_where_it_can_happen(api: Api) -> None:
    """A body may be unreadable or too long wherever there is one; 304 is said of what is kept, and of nothing else."""
    kept = set()
    for path, operation in operations(api.app.openapi()):
        assert ("requestBody" in operation) == ({"400", "413"} <= set(operation["responses"])), path
        if "304" in operation["responses"]:
            kept.add(path)
    assert {"/api/v1/admin/dashboard/stats", "/api/v1/admin/drivers", "/api/v1/admin/trips/{trip_id}"} <= kept
    assert not kept & {"/api/v1/auth/me", "/api/v1/admin/users/{user_id}", "/healthz"}


async def test_headers_on_every_answer(api: Api) -> None:
    answers = [
        await api.client.get(path) for path in ("/", "/healthz", "/docs", "/openapi.json", "/metrics", "/nothing")
    ]
    answers += [await api.get("/admin/users"), await api.hit("/admin/users"), await api.get("/admin/drivers/nobody")]
    answers += [await api.client.get("/api/v1/admin/users"), await api.get("/admin/drivers", limit=-1)]
    answers += [await api.send("POST", "/auth/login"), await api.send("POST", "/auth/refresh")]
    answers += [await api.client.post("/api/v1/ingest/traccar", content=b"{}"), await api.client.put("/")]
    answers += [await api.client.post("/api/v1/auth/login", content=b"x" * 100_000)]
    assert {answer.status_code for answer in answers} == {200, 401, 404, 405, 413, 422}
    for answer in answers:
        headers = answer.headers
        for name, value in SECURITY_HEADERS.items():
            assert value in headers[name] or answer.request.url.path in ("/", "/docs"), (answer.request.url, name)
        policy = headers["Content-Security-Policy"]
        for held in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert held in policy, answer.request.url
        assert "Server" not in headers
        assert not [name for name in headers if name.startswith("access-control-")]
        assert headers["Cache-Control"] in ("no-store", "private, no-cache", "no-cache"), answer.request.url
        kept = headers["Cache-Control"] == "private, no-cache"
        assert kept == ("Cache-Status" in headers), answer.request.url


async def test_an_error_nobody_foresaw_has_them_too(api: Api) -> None:
    @api.app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError

    answer = await api.client.get("/broken")
    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_a_request_s_transaction_ends_before_its_answer_leaves(api: Api) -> None:
    """What is committed after the answer could fail after a success was reported, and be read too late."""
    order: list[str] = []
    database = api.database
    app = FastAPI()
    app.state.server = api.app.state.server

    @app.get("/")
    async def count(session: Reading) -> int:
        value: int = await session.value("SELECT 1")
        return value

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            async with database.read() as session:
                open_ones = await session.value(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND state = 'idle in transaction'"
                )
            order.append(f"{message['type']} with {open_ones} open")
            await send(message)

        await app(scope, receive, noting)

    async with AsyncClient(transport=ASGITransport(watched), base_url="http://roadlens.test") as client:
        assert (await client.get("/")).json() == 1
    assert order == ["http.response.start with 0 open", "http.response.body with 0 open"]


@pytest.mark.parametrize("path", ["/docs/", "/healthz/", "/api/v1/auth/login/", "/api/v1/admin/drivers/", "//docs/"])
async def test_nobody_is_led_to_another_address(api: Api, path: str) -> None:
    """The host in a redirect would be the request's own word, and its scheme not the proxy's."""
    for method in ("GET", "POST"):
        answer = await api.client.request(method, f"http://roadlens.test{path}", headers={"Host": "evil.example"})
        assert answer.status_code == 404
        assert "Location" not in answer.headers
