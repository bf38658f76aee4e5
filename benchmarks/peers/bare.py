"""Applications without a framework: what a Python server can do at most, alone and with one thing that costs."""

from __future__ import annotations

from typing import cast

from redis.asyncio import Redis
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.peers import task


def bare() -> ASGIApp:
    """Sends finished bytes to whoever asks."""
    answers = _messages(task.read())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        start, body = answers[_address(scope)]
        await send(start)
        await send(body)

    return app


def with_jwt() -> ASGIApp:
    """The same, after verifying the bearer token with PyJWT."""
    told = task.read()
    answers, tokens = _messages(told), told.tokens()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        for name, value in scope["headers"]:
            if name == b"authorization":
                tokens.read(value[7:].decode())
        start, body = answers[_address(scope)]
        await send(start)
        await send(body)

    return app


def with_redis() -> ASGIApp:
    """The same without a token, but the body comes from Redis, by one GET under its address."""
    told = task.read()
    host, port = told.redis
    # RESP3 and bytes, as Roadlens speaks.
    redis, starts = Redis(host=host, port=port, protocol=3), _Starts(next(iter(told.answers.values())))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        body = cast(bytes, await redis.get(task.REDIS_KEY + _address(scope)))
        await send(starts[len(body)])
        await send({"type": "http.response.body", "body": body})

    return app


class _Starts(dict[int, Message]):
    """By length of the body, what is sent before it: the headers of one answer, with that length."""

    def __init__(self, like: task.Answer) -> None:
        super().__init__()
        self._like = like

    def __missing__(self, length: int) -> Message:
        headers = [(name, value) for name, value in self._like.raw_headers() if name.lower() != b"content-length"]
        headers.append((b"content-length", b"%d" % length))
        start = self[length] = {"type": "http.response.start", "status": self._like.status, "headers": headers}
        return start


def _messages(told: task.Task) -> dict[str, tuple[Message, Message]]:
    return {
        address: (
            {"type": "http.response.start", "status": answer.status, "headers": answer.raw_headers()},
            {"type": "http.response.body", "body": answer.body},
        )
        for address, answer in told.answers.items()
    }


def _address(scope: Scope) -> str:
    query = scope["query_string"]
    return f"{scope['path']}?{query.decode()}" if query else str(scope["path"])


async def _live(receive: Receive, send: Send) -> None:
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})
