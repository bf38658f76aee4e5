"""The last requests of a connection, when the server is to stop: all that was sent is answered, and the client is told.

uvicorn closes connections that have nothing to do at once, so that what is already on its way there is lost, and the
reset that it meets may swallow the answer before. Knows HTTP's connections; nothing of what is asked over them.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

# Seconds for which a connection that has nothing to do is kept for a request that is on its way. Who asks less often
# must expect that a connection has gone, as always after five idle seconds.
QUIET_S: Final = 0.5
# Seconds in which a client takes the last answer and closes its side; what it sends meanwhile is not read (RFC 9112,
# section 9.6).
LINGER_S: Final = 2.0


class DrainingState(ServerState):
    """What the connections of one server share.

    Attributes:
        told: the server is to stop; each answer says that it is the connection's last, unless more was sent.
        quiet: connections that have nothing to do are ended.
    """

    def __init__(self) -> None:
        super().__init__()
        self.told = False
        self.quiet = False


class _Deaf:
    """In the parser's place: what comes now is not read."""

    def feed_data(self, _data: bytes) -> None:
        return


class _LastAnswer:
    """In the transport's place for the answer that ends a connection: it is half-closed, not cut."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close


class DrainingProtocol(HttpToolsProtocol):
    """uvicorn's connection, with an end at which nothing is lost, be it for the server's sake or for being idle."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._state = server_state if isinstance(server_state, DrainingState) else DrainingState()
        self._last: RequestResponseCycle | None = None
        self._linger: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn itself
        super().connection_made(transport)
        if self._state.quiet:
            self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._linger is not None:
            self._linger.cancel()
        super().connection_lost(exc)
        self._last = None

    def shutdown(self) -> None:
        """Answer what has been sent, and end when nothing more comes."""
        self.timeout_keep_alive = QUIET_S  # type: ignore[assignment]  # uvicorn counts whole seconds; the timer does not
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's own type forgets that there is none at first
        if cycle is None or cycle.response_complete:
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(QUIET_S, self.timeout_keep_alive_handler)
        elif not cycle.response_started:
            self._end_with(cycle)

    def on_headers_complete(self) -> None:
        before: RequestResponseCycle | None = self.cycle
        super().on_headers_complete()
        if self._state.told:
            if before is not None and before is self._last:
                self._go_on_after(before)
            self._end_with(self.cycle)

    def timeout_keep_alive_handler(self) -> None:
        """An idle connection's time is over, and so it ends, unless a request has come by now.

        That has come in time, and this process looks late, being slow or without a processor for a moment:

        1. the event loop reads what others have sent, and meanwhile the request arrives;
        2. libuv looks at its timers before it asks again who can be read: this one is due;
        3. a connection that is closed with something unread is reset. Its client never knows what became of that.
        """
        if not self.transport.is_closing() and self.has_unread():
            return  # it is read next
        if self._state.told and not self.transport.is_closing():
            self._half_close()
        else:
            super().timeout_keep_alive_handler()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        super()._start_asgi_task(cycle, self._looking_again(cycle, app) if self._state.told else app)

    def _looking_again(self, cycle: RequestResponseCycle, app: Any) -> Any:
        """The application, with another look before its answer begins: what has arrived and was not read is no end."""

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            async def look(message: Any) -> None:
                if cycle is self._last and not cycle.response_started and self.has_unread():
                    self._go_on_after(cycle)
                await send(message)

            await app(scope, receive, look)

        return answer

    def _end_with(self, cycle: RequestResponseCycle) -> None:
        """Its answer is to say that it is the last one. What the client itself has ended is uvicorn's to close."""
        if cycle.keep_alive:
            self._last, cycle.keep_alive = cycle, False
            cycle.transport = _LastAnswer(self.transport, self._half_close)  # type: ignore[assignment]  # all it uses
            cycle.on_response = self._count_last

    def _go_on_after(self, cycle: RequestResponseCycle) -> None:
        """More has come behind it. Once its answer has begun, the client knows that this will not be answered."""
        self._last = None
        if not cycle.response_started:
            cycle.keep_alive, cycle.transport, cycle.on_response = True, self.transport, self.on_response_complete

    def _count_last(self) -> None:
        self.server_state.total_requests += 1

    def _half_close(self) -> None:
        """The client sees the end after the last answer; what it still sends is taken, so that nothing is reset."""
        self._unset_keepalive_if_required()
        if self.transport.is_closing() or self._linger is not None:
            return
        self.pipeline.clear()
        self.parser = _Deaf()  # type: ignore[assignment]  # all that is used from here on
        self.flow.resume_reading()
        self.transport.write_eof()
        self._linger = self.loop.call_later(LINGER_S, self.transport.close)

    def has_unread(self) -> bool:
        """Whether anything waits in the socket."""
        if self.pipeline:
            return True
        ours = self.transport.get_extra_info("socket")
        with socket.socket(fileno=os.dup(ours.fileno())) as copy:
            try:
                return bool(copy.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
            except OSError:
                return False
