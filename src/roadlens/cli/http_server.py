"""Serves the application over HTTP in this process, until it is told to stop; answers under way are finished."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from roadlens.api.readiness import Readiness
from roadlens.app import create_app
from roadlens.cli.acceptor import Acceptor
from roadlens.cli.draining import DrainingState
from roadlens.cli.listener import take_last_ones
from roadlens.cli.patience import Patience
from roadlens.cli.protocol import Protocol
from roadlens.wiring import Wiring


class HttpServer(uvicorn.Server):
    """uvicorn without its signal handlers, which would end the process before the database is closed."""

    def __init__(self, wiring: Wiring, on_started: Callable[[], None], *, shared: bool = False) -> None:
        """`shared`: other processes take connections from the same socket."""
        app = create_app(wiring)
        config = uvicorn.Config(
            app,
            interface="asgi3",
            http=Protocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            # uvicorn would believe whoever calls from this machine; the application knows whom to believe.
            proxy_headers=False,
            timeout_graceful_shutdown=wiring.settings.shutdown_seconds,
        )
        super().__init__(config)
        self.server_state: DrainingState = DrainingState()
        self._readiness: Readiness = app.state.server.readiness
        self._drain_s = wiring.settings.drain_seconds
        self._stopping: asyncio.Task[None] | None = None
        self._on_started = on_started
        self._shared = shared
        self._acceptors: list[Acceptor] = []
        self._patience = Patience(self.server_state.connections)
        self._listeners: list[socket.socket] = []

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._listeners = sockets or []
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
        self.server_state.told = self.server_state.quiet = True
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        make = self.config.http_protocol_class
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)  # type: ignore[call-arg]  # as uvicorn itself does

    def drain(self) -> None:
        """Be as before, but not ready, and tell each client that it should go on elsewhere."""
        self._readiness.draining = True
        self.server_state.told = True

    def stop(self) -> None:
        """Drain, take those that wait, answer all that was sent, and end. Called again, it drains no longer.

        Of several processes it is their parent that drains and sees to those that wait.
        """
        self.drain()
        if self._shared or self._stopping is not None:
            self.should_exit = True
        else:
            self._stopping = asyncio.get_running_loop().create_task(self._stop())

    async def _stop(self) -> None:
        await asyncio.sleep(self._drain_s)
        for listener in self._listeners:
            await take_last_ones(listener)
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
