"""Applications without a framework: what a Python server can do at most, alone and with one thing that costs."""

from __future__ import annotations

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
    """The same without a token, but the body comes from Redis, by one GET."""
    told = task.read()
    host, port = told.redis
    # RESP3 and bytes, as Roadlens speaks.
    redis, answers = Redis(host=host, port=port, protocol=3), _messages(told)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for address, answer in told.answers.items():
                await redis.set(f"bare:{address}", answer.body)
            await _live(receive, send)
            return
        address = _address(scope)
        body = await redis.get(f"bare:{address}")
        await send(answers[address][0])
        await send({"type": "http.response.body", "body": body})

    return app


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
