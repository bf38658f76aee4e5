"""Takes connections from a socket that several processes share: one at a time, so that each process gets its part.

An event loop's own server takes all that wait at once. Of a handful of clients that stay connected, as those of a
reverse proxy do, the first process to wake would then serve most, and another nobody.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sized

# Connections that may wait; the kernel has a limit of its own (listen(2)).
BACKLOG = 2048
# Seconds for which a process that has connections leaves the next one to others: long enough for them to wake.
REST_S = 0.001
# Seconds until more are taken when the process may open no more files.
PAUSE_S = 0.5

logger = logging.getLogger(__name__)


class Acceptor:
    """Between `begin` and `end`, connections to `listener` get a protocol in the running event loop."""

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        open_ones: Sized,
        rest_s: float = REST_S,
    ) -> None:
        """`open_ones`: the connections that this process has."""
        self._rest_s = rest_s
        self._open_ones = open_ones
        self._listener = listener
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[object]] = set()
        self._again: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        self._listener.setblocking(False)
        self._listener.listen(BACKLOG)
        self._loop.add_reader(self._listener, self._accept)

    def end(self) -> None:
        """Those that wait are left to other processes."""
        self._loop.remove_reader(self._listener)
        if self._again is not None:
            self._again.cancel()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another process was faster, or the client has left
            return
        except OSError as error:
            logger.error("No connection can be taken: %s", error)
            self._rest(PAUSE_S)
            return
        if self._open_ones or self._opening:
            self._rest(self._rest_s)
        connection.setblocking(False)
        task: asyncio.Task[object] = self._loop.create_task(self._open(connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def _rest(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._again = self._loop.call_later(seconds, self._loop.add_reader, self._listener, self._accept)

    async def _open(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:  # the client has left
            connection.close()
