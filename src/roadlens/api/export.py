"""Sends a file that is made while it is sent, and never looks whole when it is not. Knows nothing of what is in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from datetime import datetime
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from roadlens.api.head import HEADERS_ALONE
from roadlens.errors import Overloaded

# Of one process. Each holds a database connection for as long as its client takes to read.
MOST_AT_ONCE: Final = 4
# All of them together may hold this part of the connections.
_PART: Final = 4

_TRY_AGAIN_S: Final = 15
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

# Makes the file's parts, as text.
Parts = Callable[[], AsyncGenerator[str, None]]


class Exports:
    """How many may be under way at once in this process, and which day it is."""

    def __init__(self, connections: int, timezone: str) -> None:
        """`connections` is how many to the database this process may have."""
        self._free = max(1, min(MOST_AT_ONCE, connections // _PART))
        self._zone = ZoneInfo(timezone)

    @contextmanager
    def one(self) -> Iterator[None]:
        """A place among them.

        Raises:
            Overloaded: none is free.
        """
        if not self._free:
            raise Overloaded(
                f"As many exports are under way as may be at once. Try again in {_TRY_AGAIN_S} seconds.",
                retry_after=_TRY_AGAIN_S,
            )
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    def today(self) -> str:
        return datetime.now(self._zone).date().isoformat()


class Download(Response):
    """A file.

    What fails before the first part is answered as every error is. What fails later ends the connection amid the body:
    the last chunk of HTTP/1.1 never comes, and no client takes what it has for the whole.
    """

    content_type: ClassVar[str]
    suffix: ClassVar[str]

    def __init__(self, name: str, exports: Exports, parts: Parts, *, mark: bool = False) -> None:
        """`name` is that of the file, without its day; `mark` puts a byte order mark before all."""
        headers = {
            "Content-Type": self.content_type,
            "Content-Disposition": f'attachment; filename="{name}-{exports.today()}.{self.suffix}"',
            "Cache-Control": "no-store",
        }
        super().__init__(headers=headers)
        del self.headers["Content-Length"]  # nobody knows it
        self._exports = exports
        self._parts = parts
        self._begin = _BYTE_ORDER_MARK if mark else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until all is sent or nobody is there any more. The place is free when the statement has ended."""
        with self._exports.one():
            sending, leaving = asyncio.create_task(self._send(scope, send)), asyncio.create_task(_left(receive))
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sending.cancel()
                leaving.cancel()
                await asyncio.wait({sending, leaving})
        for task in (leaving, sending):
            if not task.cancelled():
                task.result()

    async def _send(self, scope: Scope, send: Send) -> None:
        async with aclosing(self._parts()) as parts:
            part = await anext(parts, "")
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if HEADERS_ALONE not in scope:
                await send(_more(self._begin + part.encode()))
                async for part in parts:
                    await send(_more(part.encode()))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class CsvExport(Download):
    """A file of CSV."""

    media_type = "text/csv"
    content_type = "text/csv; charset=utf-8; header=present"
    suffix = "csv"


class JsonExport(Download):
    """A file of JSON: one that breaks off is none."""

    media_type = "application/json"
    content_type = "application/json"
    suffix = "json"


async def _left(receive: Receive) -> None:
    """Until the client goes."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _more(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}
