"""HTTP/1.1 by hand: a test sees each byte of an answer, and whether a connection ended before or behind it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any


class Lost(Exception):
    """A connection ended where an answer was due."""


@dataclass(frozen=True)
class Answer:
    """A whole answer; `last` says that the connection ends behind it."""

    status: int
    body: bytes
    last: bool

    def json(self) -> Any:
        return json.loads(self.body)


class RawConnection:
    """One connection to a server.

    Attributes:
        answered_at: when the last answer was whole; before that, when the client began to connect.
        sent_at: when something was sent last.
        idle_s: for how long nothing was asked before that.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str, began_at: float) -> None:
        self._reader = reader
        self._writer = writer
        self._token = token
        self.answered_at = self.sent_at = began_at
        self.idle_s = 0.0

    def send(self, method: str, path: str, body: bytes = b"", *, token: str | None = None) -> None:
        self.send_head(method, path, len(body), token=token)
        self.send_bytes(body)

    def send_together(self, *paths: str) -> None:
        """Ask all of them in one packet: nobody sees the first without the others."""
        self.send_bytes(b"".join(self._head("GET", path) for path in paths))

    def send_head(self, method: str, path: str, length: int = 0, *, token: str | None = None) -> None:
        self.send_bytes(self._head(method, path, length, token))

    def _head(self, method: str, path: str, length: int = 0, token: str | None = None) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", "Host: test", f"Authorization: Bearer {token or self._token}"]
        if length:
            lines += ["Content-Type: application/json", f"Content-Length: {length}"]
        return "\r\n".join([*lines, "", ""]).encode()

    def send_bytes(self, sent: bytes) -> None:
        self.sent_at = time.monotonic()
        self.idle_s = self.sent_at - self.answered_at
        self._writer.write(sent)

    async def answer(self) -> Answer:
        """The next answer.

        Raises:
            Lost: there is none, or it is not whole.
        """
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
            status, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await self._body(headers)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Lost(repr(error)) from error
        self.answered_at = time.monotonic()
        return Answer(int(status.split()[1]), body, headers.get("connection") == "close")

    async def _body(self, headers: dict[str, str]) -> bytes:
        if "chunked" not in headers.get("transfer-encoding", ""):
            return await self._reader.readexactly(int(headers.get("content-length", 0)))
        body = b""
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            body += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return body

    async def ended(self) -> bool:
        """Whether it has come to its end in order: nothing follows the last answer, and nothing was reset."""
        return await self._reader.read() == b""


@asynccontextmanager
async def connected(host: str, port: int, token: str = "") -> AsyncIterator[RawConnection]:
    """A connection of its own.

    Raises:
        OSError: nobody takes it.
    """
    began_at = time.monotonic()
    reader, writer = await asyncio.open_connection(host, port, limit=2**24)
    try:
        yield RawConnection(reader, writer, token, began_at)
    finally:
        writer.close()
