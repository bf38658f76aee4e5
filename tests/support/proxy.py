"""A TCP proxy that misbehaves when it is told to: it delays, cuts, swallows, goes one way, refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Flag, auto

from tests.support.valkey import HOST, free_port

CHUNK = 65536


class Way(Flag):
    """Which way bytes go."""

    NEITHER = 0
    TO_SERVER = auto()
    TO_CLIENT = auto()
    BOTH = TO_SERVER | TO_CLIENT


@dataclass
class Proxy:
    """Passes bytes between clients and one server. What is set counts for open connections too, at once.

    Attributes:
        delay_s: how long each piece is held back before it is passed on, in each way.
        swallowed: which way what comes is thrown away, with connections left open: a network that lost its route.
        held: which way what comes is kept back until it is let go: a network that finds its route again.
        to_socket: the path of the server's socket, if it has one in place of a host and a port.
        accepted: connections so far.
    """

    to_host: str
    to_port: int
    port: int = 0
    delay_s: float = 0.0
    swallowed: Way = Way.NEITHER
    held: Way = Way.NEITHER
    accepted: int = 0
    to_socket: str | None = None
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _cut_after: int | None = None
    _let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def accept(self) -> None:
        """Listen, on the same port as before."""
        self.port = self.port or free_port()
        self._server = await asyncio.start_server(self._begin, HOST, self.port)

    async def refuse(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.close()
            self.cut()
            await self._server.wait_closed()
            self._server = None

    def cut(self) -> None:
        """Reset every open connection."""
        for writer in self._open:
            writer.transport.abort()

    def hold(self, way: Way) -> None:
        self.held = way
        self._let_go.clear()

    def let_go(self) -> None:
        self.held = Way.NEITHER
        self._let_go.set()

    def cut_answer_after(self, count: int) -> None:
        """Pass on so many bytes of what the server says next, then reset that connection: an answer torn in two."""
        self._cut_after = count

    async def close(self) -> None:
        await self.refuse()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self._open.add(writer)  # at once: who cuts or refuses now means this one as well
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine = {writer}
        try:
            from_server, to_server = await self._connect()
            mine.add(to_server)
            self._open.add(to_server)
            ways = [
                asyncio.ensure_future(self._pass(reader, to_server, Way.TO_SERVER)),
                asyncio.ensure_future(self._pass(from_server, writer, Way.TO_CLIENT)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.wait(ways)
        except OSError:
            pass  # the server is away: the client sees its connection closed
        finally:
            for end in mine:
                end.transport.abort()
                self._open.discard(end)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.to_socket is not None:
            return await asyncio.open_unix_connection(self.to_socket)
        return await asyncio.open_connection(self.to_host, self.to_port)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
        with suppress(OSError):
            while piece := await reader.read(CHUNK):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if way in self.held:
                    await self._let_go.wait()
                if way in self.swallowed:
                    continue
                if way is Way.TO_CLIENT and self._cut_after is not None:
                    writer.write(piece[: self._cut_after])
                    self._cut_after = None
                    writer.close()  # not aborted: what was passed on arrives
                    await writer.wait_closed()
                    return
                writer.write(piece)
                await writer.drain()


@asynccontextmanager
async def proxy_to(host: str, port: int) -> AsyncIterator[Proxy]:
    """A proxy on a free port of this machine."""
    proxy = Proxy(host, port)
    await proxy.accept()
    try:
        yield proxy
    finally:
        await proxy.close()
