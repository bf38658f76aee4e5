"""The connections to one Redis: made beside the request that needs one, never used after a command that was cut off.

redis-py speaks the protocol. Its own pools wait for locks to give a connection back, which a request that is cancelled
twice never does; and they make a connection inside the request, which one with a short deadline never ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from redis.asyncio.connection import Connection, SSLConnection
from redis.exceptions import ResponseError

Argument = str | bytes | int


@dataclass(frozen=True, slots=True)
class RedisConfig:
    """Where Redis is, and how it is entered.

    Attributes:
        cluster: the host is one node of a cluster, which names the others.
        ca_file: who signs the server's certificate, where the system does not know it.
        most_connections: to each server, and from this process.
        connect_timeout: seconds for a connection to be made. No request waits so long: it goes on without Redis, and
            the connection is there for the next one.
        patience: seconds in which Redis must answer a probe; as long as a request would wait.
        probe_interval: seconds between probes of a Redis that is away.
    """

    host: str
    port: int = 6379
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    cluster: bool = False
    tls: bool = False
    ca_file: str | None = None
    client_name: str = "roadlens"
    most_connections: int = 50
    connect_timeout: float = 1.0
    patience: float = 0.05
    probe_interval: float = 1.0


class Unreachable(Exception):
    """No connection could be made; the cause says why."""


class Link(Protocol):
    """What of redis-py's connection is used. A read that is cancelled, or fails, disconnects it."""

    async def connect(self) -> None: ...

    async def disconnect(self, nowait: bool = False) -> None: ...

    def pack_command(self, *arguments: Argument) -> list[bytes]: ...

    def pack_commands(self, commands: Sequence[Sequence[Argument]]) -> list[bytes]: ...

    async def send_packed_command(self, command: list[bytes], check_health: bool = True) -> None: ...

    async def read_response(self) -> Any: ...


class Connections:
    """Opens nothing before it is asked. Whoever asks sets the time: there is no timeout in here but `connect_timeout`."""

    def __init__(self, config: RedisConfig) -> None:
        self.config = config
        self._places = asyncio.Semaphore(config.most_connections)
        self._idle: list[Link] = []
        self._generation = 0
        self._making: set[asyncio.Task[Link]] = set()

    async def ask(self, *command: Argument) -> Any:
        """Send one command; its answer as redis-py reads it, without conversion.

        Raises:
            Unreachable: there is no connection, and none can be made.
            redis.exceptions.RedisError: the connection was lost, or the answer is an error.
        """
        return (await self.ask_all([command]))[0]

    async def ask_all(self, commands: Sequence[Sequence[Argument]]) -> list[Any]:
        """Send commands together on one connection, and read their answers.

        Raises:
            Unreachable: there is no connection, and none can be made.
            redis.exceptions.RedisError: the connection was lost, or an answer is an error; the first one.
        """
        await self._places.acquire()
        link: Link | None = None
        generation = self._generation
        try:
            link = self._idle.pop() if self._idle else await self._made()
            if len(commands) == 1:
                await link.send_packed_command(link.pack_command(*commands[0]), check_health=False)
                answers = [await _read(link)]
            else:
                await link.send_packed_command(link.pack_commands(commands), check_health=False)
                answers = [await _read(link) for _ in commands]
        except BaseException:
            # Cancelled or failed in the middle: the rest of the answer may still come, and must not be taken for
            # that of another command.
            if link is not None:
                await link.disconnect(nowait=True)
            self._places.release()
            raise
        self._keep(link, generation)
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        return answers

    async def forget(self) -> None:
        """Use no connection again that exists now: where they lead, nobody may be, or somebody else."""
        self._generation += 1
        idle, self._idle = self._idle, []
        for link in idle:
            await link.disconnect(nowait=True)

    async def close(self) -> None:
        for making in self._making:
            making.cancel()
        if self._making:
            await asyncio.wait(self._making)
        await self.forget()

    def _keep(self, link: Link, generation: int) -> None: ...
