"""Ids and counts of requests: every answer has them, and nobody makes up labels."""

from __future__ import annotations

import asyncio
import re

import pytest
from starlette.types import Message, Receive, Scope, Send

from roadlens.observability.metrics import Metrics
from roadlens.observability.requests import Requests
from tests.support.api import Api
from tests.support.scrape import Scrape

HEADERS = [(b"content-type", b"text/plain")]


def summary() -> None:
    """An endpoint's name."""


async def cached(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answers before routing, always with the same list of headers."""
    scope["endpoint"] = summary
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"answer"})


async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("unexpected")


async def breaking_off(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 206, "headers": []})
    raise RuntimeError("unexpected")


async def cancelled(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise asyncio.CancelledError


async def receive() -> Message:
    return {"type": "http.request"}


def request(*headers: tuple[bytes, bytes], method: str = "GET") -> Scope:
    return {"type": "http", "method": method, "path": "/", "headers": list(headers)}


async def ask(app: Requests, scope: Scope) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def id_of(sent: list[Message]) -> bytes:
    found: bytes = dict(sent[0]["headers"])[b"x-request-id"]
    return found


async def test_each_answer_has_an_id_of_its_own() -> None:
    app = Requests(cached, Metrics())
    ids = {id_of(await ask(app, request())) for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch(rb"[0-9a-f]{12}-[0-9a-f]+", found) for found in ids)
    assert not ids & {id_of(await ask(Requests(cached, Metrics()), request())) for _ in range(100)}
    assert HEADERS == [(b"content-type", b"text/plain")]


@pytest.mark.parametrize("sent", [b"abc-1.2_X", b"a" * 64, b"0"])
async def test_an_id_that_came_along_is_kept(sent: bytes) -> None:
    assert id_of(await ask(Requests(cached, Metrics()), request((b"x-request-id", sent)))) == sent


@pytest.mark.parametrize("sent", [b"", b"a" * 65, b"two words", b"line\r\nbreak", b"<script>", "ü".encode()])
async def test_an_id_that_looks_like_something_else_is_not(sent: bytes) -> None:
    assert id_of(await ask(Requests(cached, Metrics()), request((b"x-request-id", sent)))) != sent


async def test_what_is_counted_however_it_ends() -> None:
    metrics = Metrics()
    await ask(Requests(cached, metrics), request())
    for app, error in ((failing, RuntimeError), (breaking_off, RuntimeError), (cancelled, asyncio.CancelledError)):
        with pytest.raises(error):
            await ask(Requests(app, metrics), request(method="INVENTED"))
    seen = Scrape.of(metrics)
    assert seen.value("http_requests_total", method="GET", endpoint="summary", status="200") == 1
    for status in ("500", "206", "499"):
        assert seen.value("http_requests_total", method="other", endpoint="unknown", status=status) == 1
    assert seen.value("http_request_duration_seconds_count", method="other", endpoint="unknown") == 3


async def test_what_is_no_request_passes() -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    metrics = Metrics()
    await ask(Requests(app, metrics), {"type": "lifespan"})
    assert seen == ["lifespan"]
    assert Scrape.of(metrics).labels("http_requests_total") == []


async def test_the_application_counts_by_endpoint_and_never_by_path(api: Api) -> None:
    assert "X-Request-ID" in (await api.get("/admin/drivers/DRV-0001")).headers
    await api.get("/admin/drivers/DRV-0002")
    await api.get("/admin/dashboard/summary")
    await api.send("DELETE", "/admin/dashboard/summary")
    await api.client.get("/nothing/DRV-0003")
    await api.client.get("/docs/files/swagger-ui.css")
    page = (await api.client.get("/metrics")).text
    assert "DRV-" not in page
    seen = Scrape.read(page)
    assert seen.value("http_requests_total", method="GET", endpoint="get_driver", status="404") == 2
    assert seen.value("http_requests_total", method="GET", endpoint="summary", status="200") == 1
    assert seen.value("http_requests_total", method="DELETE", endpoint="summary", status="405") == 1
    assert seen.value("http_requests_total", method="GET", endpoint="unknown", status="404") == 1
    assert seen.value("http_requests_total", method="GET", endpoint="StaticFiles", status="200") == 1
    assert seen.value("db_queries_total", operation="select") > 0


async def test_an_answer_to_an_exception_has_its_id_and_is_counted(api: Api) -> None:
    @api.app.get("/breaks")
    async def breaks() -> None:
        raise RuntimeError("unexpected")

    answer = await api.client.get("/breaks")
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"]
    assert Scrape.of(api.app.state.metrics).value("http_requests_total", method="GET", endpoint="breaks", status="500")
