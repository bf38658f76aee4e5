"""The connections to one Redis: made beside the request that needs one, never used after a command that was cut off.

redis-py speaks the protocol. Its own pools wait for locks to give a connection back, which a request that is cancelled
twice never does; and they make a connection inside the request, which one with a short deadline never ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Protocol

from redis.asyncio.connection import Connection, SSLConnection
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError, ResponseError

Argument = str | bytes | int
Command = tuple[Argument, ...]
LookUp = Callable[[str, int], Awaitable[object]]


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

    async def send_packed_command(self, command: bytes, check_health: bool = True) -> None: ...

    async def read_response(self) -> Any: ...


class Servers(Protocol):
    """One server, or the primaries of a cluster.

    What `ask` raises: `Unreachable`, or an error of redis-py. It does so in its own time; whoever asks sets a limit.
    """

    @property
    def primaries(self) -> Sequence[Connections]:
        """Those that keep something, as far as they were found."""

    async def find(self) -> None:
        """Learn which servers there are."""

    async def ping(self) -> None:
        """Hear from all of them."""

    async def ask(self, command: Command, key: str = "") -> Any:
        """Send a command to the server that has the key."""

    async def forget(self) -> None:
        """Use no connection again that exists now: where they lead, nobody may be, or somebody else."""

    async def close(self) -> None: ...


class Connections:
    """A `Servers` of one, from one event loop. Opens nothing before it is asked."""

    def __init__(self, config: RedisConfig, look_up: LookUp | None = None) -> None:
        self.config = config
        self._look_up = look_up or _addresses
        self._looking_up: asyncio.Future[object] | None = None
        self._places = asyncio.Semaphore(config.most_connections)
        self._idle: list[Link] = []
        # Made, and nobody's yet: whoever wanted one wakes a little later, if at all.
        self._new: set[Link] = set()
        self._generation = 0
        self._making: set[asyncio.Task[Link]] = set()

    @property
    def primaries(self) -> Sequence[Connections]:
        return (self,)

    @property
    def idle(self) -> int:
        """How many connections nobody uses just now."""
        return len(self._idle)

    async def find(self) -> None:
        """There is nothing to find: the address is known."""

    async def ping(self) -> None:
        await self.ask(("PING",))

    async def ask(self, command: Command, key: str = "") -> Any:  # noqa: ARG002 - only a cluster must know the key
        """Send one command; its answer as redis-py reads it, without conversion.

        Raises:
            Unreachable: there is no connection, and none can be made.
            redis.exceptions.RedisError: the connection was lost, or the answer is an error.
        """
        return (await self.ask_all((command,)))[0]

    async def ask_all(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands together on one connection, and read their answers.

        Raises:
            Unreachable: there is no connection, and none can be made.
            redis.exceptions.RedisError: the connection was lost, or an answer is an error; the first one.
        """
        link = await self._take()
        generation = self._generation
        try:
            await link.send_packed_command(b"".join(map(_packed, commands)), check_health=False)
            answers = [await _answer(link) for _ in commands]
        except BaseException as error:
            # Cut off in the middle: the rest of the answer may still come, and must not be taken for another's.
            self._places.release()
            await link.disconnect(nowait=True)
            if isinstance(error, ConnectionLost):
                await self.forget()  # a server that was restarted has closed the others too
            raise
        self._places.release()
        if generation == self._generation:
            self._idle.append(link)
        else:
            await link.disconnect(nowait=True)
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        return answers

    async def forget(self) -> None:
        self._generation += 1
        unused = [*self._idle, *self._new]
        self._idle.clear()
        self._new.clear()
        for link in unused:
            await link.disconnect(nowait=True)

    async def close(self) -> None:
        ended = [task for task in (*self._making, self._looking_up) if task is not None]
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)
        await self.forget()

    async def _take(self) -> Link:
        await self._places.acquire()
        if self._idle:
            return self._idle.pop()
        making = asyncio.create_task(self._make(self._generation))
        self._making.add(making)
        making.add_done_callback(self._making.discard)
        try:
            return self._claimed(await asyncio.shield(making))
        except asyncio.CancelledError:
            making.add_done_callback(self._put_by)
            if making.cancelled():
                raise Unreachable("The connections were closed.") from None
            raise
        except BaseException:
            self._places.release()
            raise

    async def _make(self, generation: int) -> Link:
        link = _link(self.config)
        try:
            async with asyncio.timeout(self.config.connect_timeout):
                await self._known()
                await link.connect()
        except (RedisError, OSError, TimeoutError) as error:
            await link.disconnect(nowait=True)
            raise Unreachable(str(error)) from error
        except BaseException:
            await link.disconnect(nowait=True)
            raise
        if generation != self._generation:
            await link.disconnect(nowait=True)
            raise Unreachable("Connections were given up while this one was made.")
        self._new.add(link)
        return link

    def _claimed(self, link: Link) -> Link:
        """A connection that was made, for whoever wanted it.

        Raises:
            Unreachable: 1. it was made; 2. all were given up; 3. only now whoever wanted it wakes.
        """
        if link not in self._new:
            raise Unreachable("Connections were given up when this one had just been made.")
        self._new.remove(link)
        return link

    async def _known(self) -> None:
        """Wait until the host's name is known, for redis-py to ask again.

        A look-up cannot be cancelled: it keeps a thread of the process, of which there are few, until the name
        servers answer or not. So while one is under way, no other begins.
        """
        looking_up = self._looking_up
        if looking_up is None or looking_up.done():
            looking_up = self._looking_up = asyncio.ensure_future(self._look_up(self.config.host, self.config.port))
            # Nobody may be waiting any more when it fails.
            looking_up.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        await asyncio.wait([looking_up])
        looking_up.result()

    def _put_by(self, making: asyncio.Task[Link]) -> None:
        """Keep a connection whose request could not wait for it."""
        self._places.release()
        if not making.cancelled() and making.exception() is None:
            with suppress(Unreachable):
                self._idle.append(self._claimed(making.result()))


async def _addresses(host: str, port: int) -> object:
    with suppress(ValueError):
        return ip_address(host)  # an address is no name
    return await asyncio.get_running_loop().getaddrinfo(host, port)


def _packed(command: Command) -> bytes:
    """As Redis reads it (RESP). redis-py does it for every type and size there may be, in four times the time."""
    parts = [b"*%d\r\n" % len(command)]
    for argument in command:
        told = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(told), told))
    return b"".join(parts)


async def _answer(link: Link) -> Any:
    """The answer, an error of the server among them: the connection is whole after it."""
    try:
        return await link.read_response()
    except ResponseError as error:
        return error


def _link(config: RedisConfig) -> Link:
    options: dict[str, Any] = {
        "host": config.host,
        "port": config.port,
        "db": config.db,
        "username": config.username,
        "password": config.password,
        "protocol": 3,
        "client_name": config.client_name,
        "driver_info": None,  # a round trip for what `client_name` says already, and unknown to Redis 6
        "socket_connect_timeout": config.connect_timeout,
        "socket_timeout": None,  # whoever asks sets the time: a second clock in each read would only cost
        "socket_keepalive": True,
    }
    link: Link = SSLConnection(ssl_ca_certs=config.ca_file, **options) if config.tls else Connection(**options)
    return link
