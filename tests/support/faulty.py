"""A server of which most operations do what no answer may do, each something else, and its OpenAPI document."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import uvicorn
from starlette.types import Receive, Scope, Send

from roadlens.api.headers import SECURITY_HEADERS
from roadlens.api.problems import MEDIA_TYPE

_START_WITHIN_S: Final = 120

_HEADERS: Final = {"content-type": "application/json", **dict.fromkeys(map(str.lower, SECURITY_HEADERS), "x")}
_PROBLEM: Final = {
    "type": "urn:roadlens:problem:not-found",
    "title": "There is no such thing",
    "status": 404,
    "detail": "Ask for another one.",
}


@dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: _HEADERS)
    body: bytes = b"{}"


# Of the `Authorization` that was sent.
Answering = Callable[[str | None], Answer]


def _problem(content_type: str = MEDIA_TYPE, **changes: Any) -> Answering:
    body = json.dumps({**_PROBLEM, **changes}).encode()
    return lambda _: Answer(404, {**_HEADERS, "content-type": content_type}, body)


def _ok(without: str = "", **headers: str) -> Answering:
    kept = {name: value for name, value in _HEADERS.items() if name != without}
    return lambda _: Answer(headers={**kept, **headers})


def _guarded(sent: str | None) -> Answer:
    """Lets in who has a token, whoever it is."""
    if sent:
        return Answer()
    body = json.dumps({**_PROBLEM, "status": 401}).encode()
    return Answer(401, {**_HEADERS, "content-type": MEDIA_TYPE, "www-authenticate": "Bearer"}, body)


def _unavailable(_: str | None) -> Answer:
    return Answer(503, {**_HEADERS, "content-type": MEDIA_TYPE}, json.dumps({**_PROBLEM, "status": 503}).encode())


ANSWERS: Final[Mapping[str, Answering]] = {
    "GET /sound": _ok(),
    "GET /sound/missing": _problem(),
    "GET /sound/guarded": _guarded,
    "GET /plain": _problem("application/json"),
    "GET /untyped": _problem(type="about:blank"),
    "GET /otherwise": _problem(status=400),
    "GET /silent": _problem(detail=" "),
    "GET /untitled": _problem(title=""),
    "GET /unnamed": _problem(errors=[{"field": "", "detail": "is wrong"}]),
    "GET /bare": _ok(without="x-content-type-options"),
    "GET /proud": _ok(server="uvicorn"),
    "GET /unavailable": _unavailable,
    "GET /open": _ok(),
    "GET /admin/audit": _guarded,
    "DELETE /admin/things": _guarded,
}
_OPEN_TO_ALL: Final = ("/open", "/sound/guarded")


def description() -> dict[str, Any]:
    """Documents whatever is answered: so that nothing but the checks of ours finds anything."""
    paths: dict[str, Any] = {}
    content: dict[str, Any] = {"application/json": {}, MEDIA_TYPE: {}}
    answers = {status: {"description": "", "content": content} for status in ("200", "401", "404", "503")}
    for label in ANSWERS:
        method, _, path = label.partition(" ")
        guarded = path in _OPEN_TO_ALL or path.startswith("/admin/")
        paths[path] = {method.lower(): {"responses": answers, "security": [{"Bearer": []}] if guarded else []}}
    scheme = {"Bearer": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Faulty", "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": scheme},
    }


async def _app(scope: Scope, _receive: Receive, send: Send) -> None:
    sent = next((value.decode() for name, value in scope["headers"] if name == b"authorization"), None)
    answering = ANSWERS.get(f"{scope['method']} {scope['path']}", _problem())
    answer = Answer(body=json.dumps(description()).encode()) if scope["path"] == "/openapi.json" else answering(sent)
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


@contextmanager
def running_faulty() -> Iterator[str]:
    """Its address, on a port that was free."""
    ready = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[Any] | None = None) -> None:
            await super().startup(sockets)
            ready.set()

    server = Server(uvicorn.Config(_app, port=0, lifespan="off", server_header=False, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert ready.wait(_START_WITHIN_S)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
