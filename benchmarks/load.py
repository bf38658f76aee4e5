"""Posts bodies to a server over connections that stay open, as fast as it answers, and times each answer.

A process of its own, started by benchmarks: `python -m benchmarks.load URL TOKEN CONNECTIONS FILE`. The file has one
body a line. What it measured goes to standard output as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvloop

_HEAD_ENDS = b"\r\n\r\n"
_LENGTH = b"content-length: "


class _Connection(asyncio.Protocol):
    """Sends the next body as soon as the one before is answered."""

    def __init__(self, head: str, bodies: Iterator[bytes], seen: Counter[int], times: list[float]) -> None:
        self._head, self._bodies, self._seen, self._times = head, bodies, seen, times
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def _next(self) -> None:
        body = next(self._bodies, None)
        if body is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(f"{self._head}{len(body)}\r\n\r\n".encode() + body)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(_HEAD_ENDS)
        if end < 0:
            return
        at = self._received.lower().index(_LENGTH) + len(_LENGTH)
        length = int(self._received[at : self._received.index(b"\r", at)])
        if len(self._received) < end + len(_HEAD_ENDS) + length:
            return
        self._times.append(time.perf_counter() - self._sent_at)
        self._seen[int(self._received[9:12])] += 1
        self._received = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionResetError("the server closed a connection"))


async def post(url: str, token: str, connections: int, file: Path) -> dict[str, object]:
    """Post every line of the file; the shares of the connections differ by how fast each is answered."""
    address = urlsplit(url)
    head = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    )
    seen: Counter[int] = Counter()
    times: list[float] = []
    loop = asyncio.get_running_loop()
    with file.open("rb") as lines:
        bodies = (line.rstrip() for line in lines)
        began = time.perf_counter()
        opened = [
            await loop.create_connection(
                lambda: _Connection(head, bodies, seen, times), address.hostname or "", address.port or 80
            )
            for _ in range(connections)
        ]
        await asyncio.gather(*(connection.done for _, connection in opened))
        seconds = time.perf_counter() - began
    times.sort()
    return {
        "requests": len(times),
        "statuses": {str(status): count for status, count in sorted(seen.items())},
        "seconds": round(seconds, 2),
        "p50_ms": round(times[len(times) // 2] * 1000, 1),
        "p99_ms": round(times[len(times) * 99 // 100] * 1000, 1),
    }


def main() -> None:
    url, token, connections, file = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(post(url, token, int(connections), Path(file)))))


if __name__ == "__main__":
    main()
