"""The ways between clients, servers and what those stand on: each a proxy that can be told to misbehave.

The proxies have a thread with an event loop of its own; who tells them what to do need not know that.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvloop

from lab.orders import HOST
from tests.support.proxy import Proxy, Way

T = TypeVar("T")

_WITHIN_S = 10.0


class Link:
    """One way, from `port` on."""

    def __init__(self, proxy: Proxy, loop: asyncio.AbstractEventLoop) -> None:
        self._proxy = proxy
        self._loop = loop

    @property
    def port(self) -> int:
        return self._proxy.port

    def delay(self, seconds: float) -> None:
        """Hold each piece back for so long, from now on."""
        self._proxy.delay_s = seconds

    def hold(self, way: Way) -> None:
        """Nothing passes, and nothing is lost."""
        self._loop.call_soon_threadsafe(self._proxy.hold, way)

    def let_go(self) -> None:
        self._loop.call_soon_threadsafe(self._proxy.let_go)

    def swallow(self, way: Way) -> None:
        """What comes is lost. `restore` cuts the connections that have lost something, for TCP itself loses nothing."""
        self._proxy.swallowed = way

    def restore(self) -> None:
        """Nothing is lost any more; what was connected meanwhile is cut, at the same moment: who is cut comes back at
        once, and would lose something over a connection that nobody cuts.
        """

        async def restore() -> None:
            self._proxy.swallowed = Way.NEITHER
            self._proxy.cut()

        self._done(restore())

    def cut(self) -> None:
        async def cut() -> None:
            self._proxy.cut()

        self._done(cut())

    def refuse(self) -> None:
        self._done(self._proxy.refuse())

    def accept(self) -> None:
        self._done(self._proxy.accept())

    def close(self) -> None:
        self._done(self._proxy.close())

    def _done(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_WITHIN_S)


class Links:
    """The thread of the proxies."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._opened: list[Link] = []

    def to(self, port: int = 0, *, socket: str | None = None) -> Link:
        """A new way to a port of this machine, or to a socket."""
        link = Link(Proxy(HOST, port, to_socket=socket), self._loop)
        link.accept()
        self._opened.append(link)
        return link

    def close(self) -> None:
        for link in self._opened:
            link.close()


@contextmanager
def open_links() -> Iterator[Links]:
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="links", daemon=True)
    thread.start()
    links = Links(loop)
    try:
        yield links
    finally:
        links.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_WITHIN_S)
        loop.close()
