"""A way to PostgreSQL that stops before a message of the client's: what happens meanwhile is up to the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.engine import make_url


class Gate:
    """Passes everything on, until a message of the client's has `marker` in it: that one waits.

    Attributes:
        reached: set when a message waits.
        opened: set it, and the message and all others go on.
    """

    def __init__(self, socket_path: str, marker: bytes) -> None:
        self._socket_path = socket_path
        self._marker = marker
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()

    def begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def end(self) -> None:
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            to_reader, to_writer = await asyncio.open_unix_connection(self._socket_path)
            ends.append(to_writer)
            await asyncio.gather(self._pass(reader, to_writer, held=True), self._pass(to_reader, writer, held=False))
        finally:
            for end in ends:
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, held: bool) -> None:
        try:
            with suppress(OSError):
                while data := await reader.read(65536):
                    if held and self._marker in data:
                        self.reached.set()
                        await self.opened.wait()
                    writer.write(data)
                    await writer.drain()
        finally:
            writer.close()  # also when the one end was reset: the other is to know


@asynccontextmanager
async def gate(url: str, marker: bytes) -> AsyncIterator[tuple[Gate, str]]:
    """A gate before the database, and the address with which to go through it."""
    parsed = make_url(url)
    gate = Gate(f"{parsed.query['host']}/.s.PGSQL.{parsed.query.get('port', parsed.port or 5432)}", marker)
    server = await asyncio.start_server(gate.begin, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    through = parsed.set(host="127.0.0.1", port=port, query={})
    try:
        yield gate, through.render_as_string(hide_password=False)
    finally:
        server.close()
        await gate.end()
