"""One direct connection that hears PostgreSQL's notifications in the order of commits. Knows no table or channel."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg
from sqlalchemy.engine import make_url


class Connection:
    """A connection with one user, its task: so what it hears, sends and is answered has one order.

    Attributes:
        received: notifications that came and were not looked at, oldest first, as channel and payload.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._readable = asyncio.Event()
        self.received: deque[tuple[str, str]] = deque()
        connection.add_notify_handler(lambda notify: self.received.append((notify.channel, notify.payload)))

    async def ask(self, query: bytes, params: tuple[object, ...] = (), *, within: float) -> list[tuple[Any, ...]]:
        """Run a statement; its rows. A server that takes longer is given up, with the connection.

        Raises:
            psycopg.Error: the statement failed or the connection is lost.
        """
        with self._given_up_after(within):
            cursor = await self._connection.execute(query, params)
            return await cursor.fetchall() if cursor.description else []

    async def hear(self, wake: asyncio.Event, seconds: float) -> None:
        """Wait until something is in `received`, `wake` is set, or the time is over.

        Raises:
            psycopg.OperationalError: the connection is lost.
        """
        # What came right behind an answer was read with it, and the socket says nothing of it any more.
        self._take()
        if self.received:
            return
        loop = asyncio.get_running_loop()
        descriptor = self._connection.fileno()
        loop.add_reader(descriptor, wake.set)
        try:
            async with asyncio.timeout(seconds):
                await wake.wait()
        except TimeoutError:
            pass
        finally:
            loop.remove_reader(descriptor)
            wake.clear()
        self._connection.pgconn.consume_input()
        self._take()

    def _take(self) -> None:
        """What has been read, without waiting: libpq's own way for a connection that runs no statement."""
        libpq, encoding = self._connection.pgconn, self._connection.info.encoding
        while notify := libpq.notifies():
            self.received.append((notify.relname.decode(encoding), notify.extra.decode(encoding)))

    @contextmanager
    def _given_up_after(self, seconds: float) -> Iterator[None]:
        """Cancelling would wait for the server's word, which a server that hangs does not give: the socket is shut."""
        timer = asyncio.get_running_loop().call_later(seconds, self.cut)
        try:
            yield
        finally:
            timer.cancel()

    def cut(self) -> None:
        """End it at once; whoever waits for its answer has an error."""
        if not self._connection.closed:
            with socket.socket(fileno=os.dup(self._connection.fileno())) as ours:
                ours.shutdown(socket.SHUT_RDWR)


@asynccontextmanager
async def connected(url: str, name: str) -> AsyncIterator[Connection]:
    """A new connection to the database at that address; every statement commits by itself.

    Raises:
        psycopg.OperationalError: it cannot be made.
    """
    parsed = make_url(url)
    _, options = parsed.get_dialect()().create_connect_args(parsed)
    named: dict[str, Any] = {
        "application_name": name,
        "connect_timeout": 5,
        # tcp(7): a server that vanishes without a word. The lease ends sooner; this frees the connection.
        "keepalives_idle": 2,
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "tcp_user_timeout": 5_000,
        "options": "-c timezone=UTC -c statement_timeout=0 -c idle_session_timeout=0",
    }
    connection = await psycopg.AsyncConnection.connect(autocommit=True, prepare_threshold=1, **{**options, **named})
    try:
        yield Connection(connection)
    finally:
        await connection.close()
