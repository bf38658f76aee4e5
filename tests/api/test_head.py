"""HEAD is GET without a body, on every route, for whoever may ask and whoever may not."""

from __future__ import annotations

import pytest
from httpx import Response
from starlette.types import Message, Receive, Scope, Send

from roadlens.api.head import HeadAsGet
from roadlens.domain import Role
from tests.api.test_security import ROUTES, ask
from tests.support.api import Api
from tests.support.scrape import Scrape

# What differs between two answers to one question.
PASSING = {"x-request-id", "age", "cache-status"}


def told(response: Response) -> tuple[int, dict[str, str]]:
    return response.status_code, {name: value for name, value in response.headers.items() if name not in PASSING}


@pytest.mark.parametrize("role", [None, *Role])
async def test_every_route_that_answers_get_answers_head(api: Api, role: Role | None) -> None:
    headers = {} if role is None else {"Authorization": f"Bearer {api.tokens[role]}"}
    paths = [route.removeprefix("GET ") for route in ROUTES if route.startswith("GET ") and route != "GET /metrics"]
    assert len(paths) > 25
    for path in paths:
        await ask(api, f"GET {path}", headers)  # so that both of what is compared were kept, or neither
        expected = await ask(api, f"GET {path}", headers)
        answer = await ask(api, f"HEAD {path}", headers)
        assert told(answer) == told(expected), path
        assert answer.content == b"", path


async def test_what_does_not_answer_get_does_not_answer_head(api: Api) -> None:
    for path, status in (("/api/v1/auth/login", 405), ("/nothing", 404)):
        answer = await api.client.head(path)
        assert (answer.status_code, answer.content) == (status, b"")
        assert answer.headers["Content-Type"] == "application/problem+json"


async def test_heads_are_counted_as_such_by_endpoint(api: Api) -> None:
    await api.client.head("/healthz")
    seen = Scrape.of(api.app.state.metrics)
    assert seen.value("http_requests_total", method="HEAD", endpoint="healthz", status="200") == 1


async def test_a_body_in_parts_ends_once() -> None:
    sent: list[Message] = []

    async def streaming(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
        for part in (b"a", b"b", b"c"):
            await send({"type": "http.response.body", "body": part, "more_body": part != b"c"})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await HeadAsGet(streaming)({"type": "http", "method": "HEAD"}, receive, send)
    assert sent[1:] == [{"type": "http.response.body", "body": b""}]
    assert sent[0]["headers"] == [(b"content-length", b"3")]


async def test_nothing_is_echoed_back(api: Api) -> None:
    """TRACE would show a page the headers that its browser adds."""
    for path in ("/", "/healthz", "/api/v1/admin/users"):
        answer = await api.client.request("TRACE", path, headers={"X-Secret": "hunter2"})
        assert (answer.status_code, "hunter2" in answer.text) == (405, False)
