"""Serves the application over HTTP in this process, until it is told to stop; answers under way are finished."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from roadlens.app import create_app
from roadlens.cli.acceptor import Acceptor
from roadlens.cli.patience import Patience
from roadlens.cli.protocol import Protocol
from roadlens.wiring import Wiring

# How long answers under way may take after the signal to stop.
DRAIN_S = 10


class HttpServer(uvicorn.Server):
    """uvicorn without its signal handlers, which would end the process before the database is closed."""

    def __init__(self, wiring: Wiring, on_started: Callable[[], None], *, shared: bool = False) -> None:
        """`shared`: other processes take connections from the same socket."""
        config = uvicorn.Config(
            create_app(wiring),
            interface="asgi3",
            http=Protocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            # uvicorn would believe whoever calls from this machine; the application knows whom to believe.
            proxy_headers=False,
            timeout_graceful_shutdown=DRAIN_S,
        )
        super().__init__(config)
        self._on_started = on_started
        self._shared = shared
        self._acceptors: list[Acceptor] = []
        self._patience = Patience(self.server_state.connections)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([] if self._shared else sockets)
        if not self.started:
            return
        # What has been made by now lives as long as the process: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        if self._shared:
            open_ones = self.server_state.connections
            self._acceptors = [Acceptor(listener, self._protocol, open_ones) for listener in sockets or ()]
            for acceptor in self._acceptors:
                acceptor.begin()
        self._patience.begin()
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for acceptor in self._acceptors:
            acceptor.end()
        self._patience.end()
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        make = self.config.http_protocol_class
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)  # type: ignore[call-arg]  # as uvicorn itself does

    def stop(self) -> None:
        self.should_exit = True


def on_stop(react: Callable[[], object]) -> None:
    """Do this when a signal asks the process to stop, and nothing else."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, react)


def cancel_on_stop() -> None:
    """Let a signal undo what the current task has begun."""
    task = asyncio.current_task()
    assert task is not None
    on_stop(task.cancel)
