"""What does it cost to give a request its id, to count and time it, and to count a hit or a statement? In µs each.

    python -m benchmarks.observability

Each figure is the best of several rounds, of an application that answers at once with and without the middleware.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadlens.cache.observer import Level
from roadlens.observability.cache_observer import CacheMetrics
from roadlens.observability.metrics import Metrics
from roadlens.observability.requests import Requests
from roadlens.observability.statements import StatementMetrics
from roadlens.observability.tally import Tally, cells_file

ROUNDS, TIMES = 7, 20_000

_ANSWER = [(b"content-type", b"application/json"), (b"etag", b'"x"'), (b"content-length", b"6"), (b"age", b"1")]
_ASKED = [(b"host", b"localhost"), (b"user-agent", b"wrk"), (b"accept", b"*/*"), (b"authorization", b"Bearer token")]


async def bare(scope: Scope, _receive: Receive, send: Send) -> None:
    scope["endpoint"] = called
    await send({"type": "http.response.start", "status": 200, "headers": _ANSWER})
    await send({"type": "http.response.body", "body": b"answer"})


async def receive() -> Message:
    return {"type": "http.request"}


async def send(_message: Message) -> None:
    pass


async def asked(app: ASGIApp) -> float:
    began = perf_counter()
    for _ in range(TIMES):
        await app({"type": "http", "method": "GET", "path": "/", "headers": _ASKED}, receive, send)
    return (perf_counter() - began) / TIMES * 1e6


def called(what: Callable[..., None], *arguments: object) -> float:
    began = perf_counter()
    for _ in range(TIMES):
        what(*arguments)
    return (perf_counter() - began) / TIMES * 1e6


async def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        for name, tally in (("one process", Tally()), ("several", Tally(cells_file(Path(directory), "1")))):
            metrics = Metrics(tally)
            app, cache, statements = Requests(bare, metrics), CacheMetrics(metrics), StatementMetrics(metrics)
            rounds = [(await asked(bare), await asked(app)) for _ in range(ROUNDS)]
            without, within = (min(column) for column in zip(*rounds, strict=True))
            hit = min(called(cache.hit, "summary", "summary", Level.MEMORY) for _ in range(ROUNDS))
            statement = min(called(statements, "SELECT 1", 0.0004) for _ in range(ROUNDS))
            print(f"{name:<12} request {within - without:.2f} µs, hit {hit:.2f} µs, statement {statement:.2f} µs")


if __name__ == "__main__":
    asyncio.run(main())
