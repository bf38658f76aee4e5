"""What does it cost to name, count, time and log a request, and to count a hit, a statement or a position? In µs each.

A look at what is so now is made once a second; the page is shown at each scrape.

    python -m benchmarks.observability

Each figure is processor time, which other programs disturb least, and the best of several rounds, of an application
that answers at once with and without the middleware. Lines of the log go to a file, and to write them is counted; a
statement is counted, charged to its request, and noted by its text. What a whole hit costs, `benchmarks.http` measures.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from time import process_time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadlens.cache.engine import Cache
from roadlens.cache.entry import Entry
from roadlens.cache.memory import Memory
from roadlens.cache.observer import Level
from roadlens.cache.unshared import Unshared
from roadlens.observability import gauges
from roadlens.observability.cache_observer import CacheMetrics
from roadlens.observability.ingest import IngestMetrics
from roadlens.observability.journal import Journal
from roadlens.observability.lines import Records
from roadlens.observability.log import FormName, Lines
from roadlens.observability.metrics import Metrics
from roadlens.observability.output import Output
from roadlens.observability.present import Present
from roadlens.observability.requests import Requests
from roadlens.observability.statements import StatementMetrics
from roadlens.observability.tally import Tally, cells_file
from roadlens.observability.wording import Wording
from roadlens.storage.change_feed.feed import ChangeFeed
from roadlens.storage.database import Database
from roadlens.telemetry.collector import Collector

ROUNDS, TIMES = 7, 9_000
FORMS: tuple[FormName, ...] = ("json", "text")

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


async def asked(app: ASGIApp, output: Output | None = None) -> float:
    """Until all its lines are written too."""
    began = process_time()
    for _ in range(TIMES):
        await app({"type": "http", "method": "GET", "path": "/", "headers": _ASKED}, receive, send)
    while output is not None and output.waits:
        time.sleep(0.01)  # noqa: ASYNC251 - nothing else is under way
    return (process_time() - began) / TIMES * 1e6


def called(what: Callable[..., object], *arguments: object, times: int = TIMES) -> float:
    began = process_time()
    for _ in range(times):
        what(*arguments)
    return (process_time() - began) / times * 1e6


def present(metrics: Metrics) -> Present:
    """All that a worker looks at, over a memory of 1,000 answers; nothing of it is opened."""
    database = Database.open("postgresql://nobody@127.0.0.1:1/nothing")
    observer = CacheMetrics(metrics)
    feed, memory = ChangeFeed("postgresql://nobody@127.0.0.1:1/nothing"), Memory(1 << 24, observer)
    for number in range(1000):
        memory.put(str(number), f"prefix_{number % 13}", Entry.of_value(b"answer", 0.0))
    cache = Cache(feed, memory, Unshared(), observer)
    looks = [
        gauges.workers(metrics, 2),
        gauges.cache(metrics, cache, shares=True),
        gauges.feed(metrics, feed),
        gauges.database(metrics, database),
        gauges.ingest(metrics, Collector(database, register=False)),
        gauges.process(metrics),
    ]
    return Present(metrics, looks)


async def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        for name, tally in (("one process", Tally()), ("several", Tally(cells_file(Path(directory), "1")))):
            metrics = Metrics(tally)
            app, cache, statements = Requests(bare, metrics), CacheMetrics(metrics), StatementMetrics(metrics)
            rounds = [(await asked(bare), await asked(app)) for _ in range(ROUNDS)]
            without, within = (min(column) for column in zip(*rounds, strict=True))
            hit = min(called(cache.hit, "summary", "summary", Level.MEMORY) for _ in range(ROUNDS))
            statement = min(called(statements, "SELECT 1", 0.0004) for _ in range(ROUNDS))
            ingest = IngestMetrics(metrics)
            position = min(called(ingest.committed, "single", 0.004) for _ in range(ROUNDS))
            looks = present(metrics)
            look = min(called(looks.look, times=200) for _ in range(ROUNDS))
            page = min(called(metrics.page, times=20) for _ in range(ROUNDS))
            print(
                f"{name:<12} request {within - without:.2f} µs, hit {hit:.2f} µs, statement {statement:.2f} µs, "
                f"position {position:.2f} µs; a look {look:.0f} µs, a page {page:.0f} µs"
            )
        for form in FORMS:
            await _logged(form, Path(directory) / form)


async def _logged(form: FormName, path: Path) -> None:
    """What the line of a request costs, beside the same request without one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    handler = Lines(form, Records("benchmark", Wording()), descriptor, logging.INFO)
    apps = [Requests(bare, Metrics(), Journal(lines), {"called": "/called"}) for lines in (None, handler)]
    rounds = [[await asked(app, handler.output) for app in apps] for _ in range(ROUNDS)]
    without, within = (min(column) for column in zip(*rounds, strict=True))
    handler.output.close()
    os.close(descriptor)
    print(f"{form:<12} line {within - without:.2f} µs, {handler.output.dropped} dropped")


if __name__ == "__main__":
    asyncio.run(main())
