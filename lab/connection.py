"""One HTTP connection of a client, one request at a time. Knows when each was sent and when its last byte came."""

from __future__ import annotations

import asyncio
import gzip
import math
import time
from typing import Any, NamedTuple, cast

import msgspec

PATIENCE_S = 10.0

# The server closes a connection that was idle for five seconds. Who used it just then would not be answered.
_IDLE_S = 3.0

_HEAD_ENDS = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "
_REQUEST_ID = b"\r\nx-request-id: "
_CACHE_STATUS = b"\r\ncache-status: roadlens; "
_ETAG = b"\r\netag: "
_IN_PIECES = b"\r\ntransfer-encoding: chunked\r\n"
_LAST_PIECE = b"0\r\n\r\n"
_COMPRESSED = b"\r\ncontent-encoding: gzip\r\n"
_NO_BODY = (204, 304)


class Answer(NamedTuple):
    """`worker`, `came` (how the cache came by it) and `etag` as the answer itself says; empty if it does not."""

    status: int
    worker: str
    came: str
    etag: str
    body: bytes
    began: float
    ended: float

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Unanswered(Exception):
    """Nobody knows what has become of the request."""

    def __init__(self, kind: str, began: float) -> None:
        super().__init__(kind)
        self.kind, self.began, self.ended = kind, began, time.monotonic()


# Of a request that was still under way when its client had to stop.
STOPPED = "stopped"


class _Exchange(asyncio.Protocol):
    def __init__(self) -> None:
        self.received = b""
        self.answered: asyncio.Future[tuple[int, bytes, bytes, float]] | None = None
        self.headers_alone = False
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        received = self.received = self.received + data if self.received else data
        end = received.find(_HEAD_ENDS)
        if end < 0:
            return
        status, head = int(received[9:12]), received[:end].lower() + b"\r\n"
        try:
            body = _body(status, head, received[end + len(_HEAD_ENDS) :], headers_alone=self.headers_alone)
        except ConnectionError as error:
            self._end(error)
            return
        if body is not None:
            self.received = b""
            if self.answered is not None and not self.answered.done():
                self.answered.set_result((status, head, body, time.monotonic()))

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        self._end(error or ConnectionResetError("closed"))

    def _end(self, error: Exception) -> None:
        if self.answered is not None and not self.answered.done():
            self.answered.set_exception(error)
        self.transport.abort()


class Connection:
    """To one address; made when it is needed, and anew when it was lost."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._exchange: _Exchange | None = None
        self._used_at = math.inf

    async def ask(
        self, method: str, path: str, token: str, body: object = None, more: str = "", *, once: bool = False
    ) -> Answer:
        """Send a request and wait for its answer.

        Args:
            method: of HTTP.
            path: below the root, with its query string.
            token: the bearer's; empty for nobody's.
            body: is sent as JSON, or as it is if it is bytes.
            more: header lines, each with its end.
            once: over a connection of its own.

        Raises:
            Unanswered: the connection could not be made or was lost, or the time is over.
        """
        content = b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        asked = f"{method} {path} HTTP/1.1\r\nHost: lab\r\nAuthorization: Bearer {token}\r\n{more}"
        if body is not None:
            asked += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        if once:
            self.close()
        return await self.send(asked.encode() + b"\r\n" + content)

    async def send(self, request: bytes) -> Answer:
        """The same for a request that is put together already."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE_S):
                exchange = self._exchange
                if exchange is None or exchange.lost or began - self._used_at > _IDLE_S:
                    self.close()
                    exchange = await self._connected()
                exchange.headers_alone = request.startswith(b"HEAD ")
                exchange.answered = asyncio.get_running_loop().create_future()
                exchange.transport.write(request)
                status, head, body, ended = await exchange.answered
        except TimeoutError:
            self.close()
            raise Unanswered("timeout", began) from None
        except OSError as error:
            self.close()
            raise Unanswered(type(error).__name__, began) from error
        self._used_at = ended
        if _COMPRESSED in head and body:
            body = gzip.decompress(body)
        if b"\r\nconnection: close" in head:
            self.close()
        return Answer(status, _worker(head), _came(head), _etag(head), body, began, ended)

    async def open(self) -> None:
        """Connect now, for a request later.

        Raises:
            Unanswered: nobody is there.
        """
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE_S):
                _ = await self._connected()
        except OSError as error:
            raise Unanswered(type(error).__name__, began) from error

    def close(self) -> None:
        if self._exchange is not None:
            self._exchange.transport.abort()
            self._exchange = None

    async def _connected(self) -> _Exchange:
        loop = asyncio.get_running_loop()
        _, self._exchange = await loop.create_connection(_Exchange, *self._address)
        return self._exchange


def _body(status: int, head: bytes, received: bytes, *, headers_alone: bool) -> bytes | None:
    """The body, if all of it is there. A head may say how long the body is of which nobody asked.

    Raises:
        ConnectionError: nobody can tell how long it is, or it is there although nobody asked.
    """
    if headers_alone and received:
        raise ConnectionError("an answer to HEAD with a body")
    if headers_alone:
        return b""
    begin = head.find(_LENGTH)
    if begin >= 0:
        begin += len(_LENGTH)
        length = int(head[begin : head.index(b"\r", begin)])
        return received[:length] if len(received) >= length else None
    if status in _NO_BODY:
        return b""
    if _IN_PIECES in head:
        return _joined(received) if received.endswith(_LAST_PIECE) else None
    raise ConnectionError("an answer without a length")


def _joined(pieces: bytes) -> bytes | None:
    """None if what looks like the last piece stands within another one."""
    body: list[bytes] = []
    at = 0
    while at < len(pieces):
        begin = pieces.index(b"\r\n", at) + 2
        length = int(pieces[at : begin - 2], 16)
        if length == 0:
            return b"".join(body)
        body.append(pieces[begin : begin + length])
        at = begin + length + 2
    return None


def _worker(head: bytes) -> str:
    begin = head.find(_REQUEST_ID)
    if begin < 0:
        return ""
    begin += len(_REQUEST_ID)
    return head[begin : head.index(b"-", begin)].decode()


def _came(head: bytes) -> str:
    begin = head.find(_CACHE_STATUS)
    if begin < 0:
        return ""
    begin += len(_CACHE_STATUS)
    return head[begin : begin + 10].split(b";")[0].strip().decode()


def _etag(head: bytes) -> str:
    begin = head.find(_ETAG)
    if begin < 0:
        return ""
    begin += len(_ETAG)
    return head[begin : head.index(b"\r", begin)].decode()
