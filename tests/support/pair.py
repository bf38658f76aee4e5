"""A real server with several workers, each of which a test can ask by itself, over a connection that stays its own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.installation import Api, Installation
from tests.support.scrape import Scrape
from tests.support.workers import WITHIN_S, is_paused, stopped, workers_of

# Seconds. The server closes a connection that was idle for five.
_IDLE_S = 3.0


@dataclass
class Worker:
    """One worker process.

    Attributes:
        name: how the request ids that it gives begin; each process draws its own.
        others: the server's further workers.
    """

    pid: int
    base_url: httpx.URL
    token: str
    others: list[Worker] = field(default_factory=list)
    name: str = ""
    _client: httpx.Client | None = None
    _used_at: float = 0.0

    def ask(
        self, method: str, path: str, *, token: str | None = None, body: Any = None, **headers: str
    ) -> httpx.Response:
        """Its answer. `headers` are spelled with underscores; without a `token` it is the admin who asks."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {token or self.token}"
        answer = self._connection().request(method, path.lstrip("/"), headers=sent, json=body)
        self._used_at = time.monotonic()
        assert answer.headers["X-Request-ID"].startswith(f"{self.name}-"), "another worker answered"
        return answer

    def get(self, path: str, *, token: str | None = None, **headers: str) -> httpx.Response:
        return self.ask("GET", path, token=token, **headers)

    def json(self, path: str) -> Any:
        """The JSON of an answer that must be a success."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def verdict(self, path: str, token: str | None = None) -> str:
        """The answer's `Cache-Status` while the worker trusts its cache: on a busy machine that may take a while."""
        deadline = time.monotonic() + WITHIN_S
        while "fwd=bypass" in (said := self.get(path, token=token).headers["Cache-Status"]):
            assert time.monotonic() < deadline, "it never trusts its cache"
            time.sleep(0.01)
        return str(said)

    def edit(self, method: str, path: str, body: Any = None) -> Any:
        """Change something, which must succeed; what is answered."""
        answer = self.ask(method, path, body=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def connect(self) -> None:
        """A new connection. The others do nothing meanwhile, so it is this worker that takes it."""
        self.close()
        with ExitStack() as stack:
            for other in self.others:
                if not is_paused(other.pid):
                    stack.enter_context(stopped(other.pid))
            self._client = httpx.Client(base_url=self.base_url, timeout=WITHIN_S)
            told = self._client.get(str(self.base_url.join("/healthz"))).headers["X-Request-ID"]
        self.name, self._used_at = told.partition("-")[0], time.monotonic()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connection(self) -> httpx.Client:
        if self._client is None or time.monotonic() - self._used_at > _IDLE_S:
            self.connect()
        assert self._client is not None
        return self._client


@dataclass(frozen=True)
class Pair:
    """The server and its workers."""

    server: Api
    installation: Installation
    workers: Sequence[Worker]

    def scrape(self) -> Scrape:
        """The metrics of both."""
        worker = self.workers[0]
        return Scrape.read(worker.get(str(worker.base_url.join("/metrics"))).text)

    def redis_is_used(self) -> bool:
        """Whether both workers use it; each is asked for something that it has to compute."""
        return all(self._finds_redis())

    def redis_is_away(self) -> bool:
        return not any(self._finds_redis())

    def _finds_redis(self) -> list[bool]:
        for worker in self.workers:
            worker.edit("PATCH", "/admin/drivers/DRV-0003", {"city": worker.name})
            worker.get("/admin/drivers/DRV-0003")
        return [worker.json("/admin/cache")["redis"]["usable"] for worker in self.workers]


@contextmanager
def opened_pair(installation: Installation) -> Iterator[Pair]:
    """The installation must say how many workers there are; they all answer when the block begins."""
    with installation.server() as server:
        token = server.client.headers["Authorization"].removeprefix("Bearer ")
        workers = [Worker(pid, server.client.base_url, token) for pid in workers_of(server.pid)]
        for worker in workers:
            worker.others = [other for other in workers if other is not worker]
            worker.connect()
        try:
            yield Pair(server, installation, workers)
        finally:
            for worker in workers:
                worker.close()
