"""Who is compared over HTTP, and how each is started under uvicorn or granian. Measures nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec

from benchmarks.peers.task import Task

Server = Literal["uvicorn", "granian"]
SERVERS: tuple[Server, ...] = ("uvicorn", "granian")

_START_WITHIN_S = 60
_STOP_WITHIN_S = 20


@dataclass(frozen=True, slots=True)
class Contestant:
    """One application.

    Attributes:
        factory: what makes it, `module:function` below `benchmarks.peers`.
        best_case: it authorises nobody though an application would have to; measured with one worker of uvicorn only.
    """

    name: str
    factory: str
    store: Literal["memory", "redis"] = "memory"
    keeps: Literal["json", "response"] = "response"
    authorises: bool = False
    best_case: bool = False


BARE = Contestant("bare", "bare:bare")
BARE_JWT = Contestant("bare, PyJWT", "bare:with_jwt")
BARE_REDIS = Contestant("bare, Redis GET", "bare:with_redis")


def _peers() -> Iterator[Contestant]:
    for authorises in (True, False):
        for library, factory, forms in (
            ("fastapi-cache2", "with_fastapi_cache:app", ("json", "response")),
            ("cashews", "with_cashews:app", ("response",)),
            ("aiocache", "with_aiocache:app", ("response",)),
        ):
            for keeps in forms:
                for store in ("memory", "redis"):
                    name = ", ".join((library, store, keeps, *(() if authorises else ("nobody checked",))))
                    yield Contestant(name, factory, store, keeps, authorises, best_case=not authorises)  # type: ignore[arg-type]  # of the words above


CONTESTANTS = (BARE, BARE_JWT, BARE_REDIS, *_peers())


@contextmanager
def running(contestant: Contestant, server: Server, workers: int, task: Task) -> Iterator[tuple[int, str]]:
    """The contestant's process id and address, once it answers; its processes end with the block."""
    told = msgspec.structs.replace(
        task, store=contestant.store, keeps=contestant.keeps, authorises=contestant.authorises
    )
    port = _free_port()
    process = subprocess.Popen(
        _command(server, f"benchmarks.peers.{contestant.factory}", workers, port),
        cwd=Path(__file__).parents[1],
        env=os.environ | told.environment(),
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        yield process.pid, url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=_STOP_WITHIN_S)


def ask(url: str, token: str = "", sent: object = None) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers in their order, and body; what is `sent` goes by POST, as JSON."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = None if sent is None else json.dumps(sent).encode()
    if data is not None:
        headers["Content-Type"] = "application/json"
    try:
        with urlopen(Request(url, data, headers)) as answer:  # noqa: S310 - a server that was started here
            return answer.status, list(answer.getheaders()), answer.read()
    except HTTPError as error:
        return error.code, list(error.headers.items()), error.read()


def _command(server: Server, factory: str, workers: int, port: int) -> list[str]:
    """As Roadlens runs its server: uvloop, HTTP/1.1 alone, no access log."""
    both = [factory, "--factory", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    both += ["--loop", "uvloop", "--log-level", "warning"]
    if server == "granian":
        return [sys.executable, "-m", "granian", *both, "--interface", "asgi", "--http", "1", "--no-ws"]
    bare = ["--http", "httptools", "--ws", "none", "--no-access-log", "--no-server-header", "--no-proxy-headers"]
    return [sys.executable, "-m", "uvicorn", *both, *bare]


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_WITHIN_S
    port = int(url.rpartition(":")[2])
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{' '.join(map(str, process.args))} did not start")  # type: ignore[arg-type]  # a list of ours


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
