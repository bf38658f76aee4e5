"""uvicorn's side of an HTTP connection, with a short way for a hit, whose answer is finished but for its date.

uvicorn checks and joins the headers of every answer anew: a third of what a hit costs. Those of a hit were checked
when they were made. Whatever else there is to do for an answer, uvicorn does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
from uvicorn.server import ServerState

from roadlens.cache.http import FINISHED
from roadlens.cache.watch import Scope
from roadlens.cli.draining import DrainingProtocol

# Bytes. Longer bodies are handed over as they are, for copying them costs more than a second call.
LONG = 4096

# Bytes of a request's line and headers. The parser itself has no bound.
LONGEST_HEAD = 64 * 1024


class Protocol(DrainingProtocol):
    """Offers the ASGI extension `FINISHED`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._extensions: Mapping[str, Any] = {FINISHED: self._finish}
        self._answered: RequestResponseCycle | None = None
        self._joined: tuple[object, bytes] = (None, b"")
        self._head = 0
        self.received = 0  # bytes of bodies, of all requests

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        cycle: Any = self.cycle  # none before the first request, which uvicorn's types leave out
        if cycle is not None and cycle.scope is self.scope:
            self._head = 0
            return
        self._head += len(data)
        if self._head > LONGEST_HEAD:
            self.refuse(431, f"The request's line and headers may have {LONGEST_HEAD} bytes.")

    def on_body(self, body: bytes) -> None:
        self.received += len(body)
        super().on_body(body)

    def refuse(self, status: int, why: str) -> None:
        """Say why to somebody whose request has not come whole, and close the connection."""
        if self.transport.is_closing():
            return
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:  # else it would be within another answer
            body = why.encode()
            head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head % len(body) + body)
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._extensions = {}  # which lead back here

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.scope["extensions"] = self._extensions  # type: ignore[typeddict-item]  # which knows other extensions only
        self._answered = cycle  # of requests that were sent without waiting for answers, one is answered at a time
        super()._start_asgi_task(cycle, app)

    def _finish(self, scope: Scope, status: int, lines: bytes, body: bytes) -> bool:
        """Send the whole answer to a request, if it is the one that is being answered and nothing stands in the way."""
        cycle = self._answered
        if cycle is None or cycle.scope is not scope or cycle.response_started or cycle.disconnected:
            return False
        if not cycle.keep_alive or cycle.flow.write_paused:
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        of, own = self._joined
        if of is not cycle.default_headers:  # of which uvicorn makes a new list each second, for the date
            own = b"".join([b"%b: %b\r\n" % header for header in cycle.default_headers])
            self._joined = (cycle.default_headers, own)
        if len(body) < LONG:
            cycle.transport.write(b"%b%b%b\r\n%b" % (STATUS_LINE[status], own, lines, body))
        else:
            cycle.transport.write(b"%b%b%b\r\n" % (STATUS_LINE[status], own, lines))
            cycle.transport.write(body)
        cycle.message_event.set()
        cycle.on_response()
        return True
