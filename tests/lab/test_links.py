"""A way that has lost something is whole again: who was connected is cut, and who comes then is heard."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from lab.links import Link, open_links
from lab.orders import HOST
from tests.support.proxy import Proxy, Way
from tests.support.workers import until

T = TypeVar("T")


class Late(Link):
    """Of somebody who is told late that something is done."""

    def _done(self, work: Coroutine[Any, Any, T]) -> T:
        done = super()._done(work)
        time.sleep(0.3)
        return done


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with suppress(OSError):
            while data := self.request.recv(1000):
                self.request.sendall(data)


@contextmanager
def echoing() -> Iterator[int]:
    """The port of somebody who says what is said to them."""
    with socketserver.ThreadingTCPServer((HOST, 0), Echo) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            serving.join()


def test_who_was_cut_and_comes_back_at_once_loses_nothing() -> None:
    with echoing() as port, open_links() as links:
        proxy = Proxy(HOST, port)
        link = Late(proxy, links._loop)
        link.accept()
        links._opened.append(link)
        link.swallow(Way.BOTH)
        restoring = threading.Thread(target=link.restore)
        with socket.create_connection((HOST, link.port)) as before:
            before.sendall(b"lost")
            until(lambda: proxy.accepted == 1)
            restoring.start()
            with suppress(ConnectionError):
                assert before.recv(4) == b""
        with socket.create_connection((HOST, link.port), timeout=10) as again:
            again.sendall(b"heard")
            assert again.recv(5) == b"heard"
        restoring.join()
