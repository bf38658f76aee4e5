"""`roadlens serve`: opens everything, says where it is, and serves until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import logging
import shlex
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
import uvicorn
import uvloop

from roadlens.app import create_app
from roadlens.cli.demo import simulate
from roadlens.errors import SetupError
from roadlens.observability.log import FORMAT, NameRequest
from roadlens.settings import Settings, read_settings
from roadlens.storage.database import Database
from roadlens.telemetry.demo import fill
from roadlens.wiring import admin_password_file, open_server

# How long answers under way may take after the signal to stop.
DRAIN_S = 10

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound


def serve() -> None:
    """Start the server, and its own PostgreSQL unless DATABASE_URL names one. Ctrl-C stops both.

    Examples:

      roadlens serve

      PORT=9000 ROADLENS_EMPTY=1 ROADLENS_DATA_DIR=/srv/roadlens roadlens serve
    """
    settings = read_settings()
    _log(settings)
    # Bound before anything else: a port that is taken should be known before minutes of preparation.
    with _bind(settings) as listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_serve(settings, listener))
        except asyncio.CancelledError:
            raise typer.Exit(128 + signal.SIGINT) from None


async def _serve(settings: Settings, listener: socket.socket) -> None:
    """A signal during the opening undoes it; one while serving lets answers finish, then closes in order."""
    _on_stop(_current_task().cancel)
    async with open_server(settings) as wiring:
        if not settings.empty:
            await _demonstrate(wiring.database)
        config = uvicorn.Config(
            create_app(wiring),
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            # uvicorn would believe whoever calls from this machine; the application knows whom to believe.
            proxy_headers=False,
            timeout_graceful_shutdown=DRAIN_S,
        )
        server = _Server(config, lambda: print(_announcement(settings, listener), flush=True))
        _on_stop(server.stop)
        await server.serve(sockets=[listener])


async def _demonstrate(database: Database) -> None:
    """Give a new database something to see, and complete what an interrupted start began."""
    plan = await fill.pending(database)
    if plan is not None:
        print(
            "Simulating a demonstration fleet, once, for about half a minute. ROADLENS_EMPTY=1 goes without it.",
            flush=True,
        )
        await simulate(database, plan)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which would end the process before the database is closed."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    def stop(self) -> None:
        self.should_exit = True


def _on_stop(react: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, react)


def _current_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None
    return task


def _bind(settings: Settings) -> socket.socket:
    """A socket at the wanted address; it does not listen yet.

    Raises:
        SetupError: the address is not this machine's, or somebody has it.
    """
    where = f"{settings.host}, port {settings.port}"
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SetupError(f"HOST {settings.host} cannot be found: {error.strerror}.") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise SetupError(f"Another program listens on {where}: stop it, or set PORT to another port.") from error
        raise SetupError(f"Cannot listen on {where}: {error.strerror}. Set HOST and PORT to others.") from error
    return listener


def _announcement(settings: Settings, listener: socket.socket) -> str:
    """Where the server is and how to get in. The password itself is never printed: terminals and logs remember."""
    host, port = listener.getsockname()[:2]
    host = _WILDCARDS.get(host, host)
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    file = admin_password_file(settings)
    if settings.admin_password is not None:
        shown, typed = "the one in ROADLENS_ADMIN_PASSWORD", "$ROADLENS_ADMIN_PASSWORD"
    elif file.exists():
        shown, typed = f"cat {shlex.quote(str(file))}", f"$(cat {shlex.quote(str(file))})"
    else:
        shown, typed = f"the one you set; `roadlens users password {settings.admin_username}` sets another", "…"
    return f"""
Roadlens is running at {address}

  Sign in as   {settings.admin_username}
  Password     {shown}
  Reference    {address}/docs
  First step   TOKEN=$(curl -s {address}/api/v1/auth/token -d username={shlex.quote(settings.admin_username)} \\
                 --data-urlencode "password={typed}" | cut -d '"' -f 4)
               curl -s {address}/api/v1/admin/dashboard/summary -H "Authorization: Bearer $TOKEN"

Ctrl-C stops it.
"""


def _log(settings: Settings) -> None:
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    handler = logging.StreamHandler()
    handler.addFilter(NameRequest())
    logging.basicConfig(level=level, format=FORMAT, handlers=[handler])
    for chatty in ("alembic", "uvicorn"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
