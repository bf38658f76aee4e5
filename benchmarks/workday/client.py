"""One administrator's browser: a few connections, used again while they are open, and the ETags of what it has seen.

Times each answer, opening a connection for it included.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple
from urllib.parse import urlsplit

# To one server, as browsers have it.
_MOST_CONNECTIONS = 6

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_ETAG = re.compile(r"\r\netag: ([^\r]+)", re.IGNORECASE)
_CACHE_STATUS = re.compile(r"\r\ncache-status: ([^\r]+)", re.IGNORECASE)
_BODILESS = (204, 304)


class Answered(NamedTuple):
    """One answer.

    Attributes:
        what: the endpoint, in a word.
        outcome: `hit`, `miss`, or nothing where no cache was asked.
        seconds: from sending until the last byte, as the client sees it.
    """

    what: str
    outcome: str
    seconds: float


class Refused(Exception):
    """A server answered something else than success."""


@dataclass(slots=True)
class Browser:
    """Asks as many things at a time as browsers do; the others wait, and their time runs."""

    url: str
    token: str
    _etags: dict[str, str] = field(default_factory=dict)
    _idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)
    _free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MOST_CONNECTIONS))

    async def ask(self, what: str, path: str, change: Mapping[str, object] | None = None) -> Answered:
        """Read a path, or change what is there.

        Raises:
            Refused: the status was none of success.
        """
        began = perf_counter()
        async with self._free:
            head, _ = await self._exchange("GET" if change is None else "PATCH", path, change)
        seconds = perf_counter() - began
        if change is None and (etag := _ETAG.search(head)):
            self._etags[path] = etag[1]
        told = _CACHE_STATUS.search(head)
        outcome = "" if told is None else "hit" if "; hit" in told[1] else "miss"
        return Answered(what, outcome, seconds)

    async def post(self, path: str, sent: object) -> bytes:
        """Send something and take what comes back.

        Raises:
            Refused: the status was none of success.
        """
        async with self._free:
            _, body = await self._exchange("POST", path, sent)
        return body

    async def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        self._idle.clear()

    async def _exchange(self, method: str, path: str, sent: object) -> tuple[str, bytes]:
        request = self._request(method, path, sent)
        reader, writer = await self._connected()
        writer.write(request)
        try:
            raw = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            if isinstance(error, asyncio.IncompleteReadError) and error.partial:
                raise
            # The server has just closed what was idle for long: it has not read the request.
            reader, writer = await self._opened()
            writer.write(request)
            raw = await reader.readuntil(b"\r\n\r\n")
        status, length = int(raw[9:12]), _LENGTH.search(raw)
        body = b"" if status in _BODILESS or length is None else await reader.readexactly(int(length[1]))
        self._idle.append((reader, writer))
        if not 200 <= status < 300 and status != 304:
            raise Refused(f"{method} {path} was answered {status}: {body[:300]!r}")
        return raw.decode("latin-1"), body

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await self._opened()

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = urlsplit(self.url)
        return await asyncio.open_connection(address.hostname, address.port)

    def _request(self, method: str, path: str, sent: object) -> bytes:
        body = b"" if sent is None else json.dumps(sent).encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {urlsplit(self.url).netloc}",
            "Accept-Encoding: gzip, deflate, br, zstd",
            *([f"Authorization: Bearer {self.token}"] if self.token else []),
            *([f"If-None-Match: {self._etags[path]}"] if method == "GET" and path in self._etags else []),
            *(["Content-Type: application/json", f"Content-Length: {len(body)}"] if sent is not None else []),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body
