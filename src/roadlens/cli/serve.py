"""`roadlens serve`: opens everything, says where it is, and serves until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import shlex
import signal
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import typer
import uvloop

from roadlens.cli import pid_file, supervisor
from roadlens.cli.demo import simulate
from roadlens.cli.http_server import HttpServer, cancel_on_stop, on_stop
from roadlens.cli.listener import address, bind
from roadlens.cli.reload import Reload
from roadlens.cli.workers import Workers
from roadlens.logbook import begin_log
from roadlens.settings import Settings, read_settings
from roadlens.storage.database import Database
from roadlens.telemetry.demo import fill
from roadlens.wiring import Wiring, admin_password_file, open_server

logger = logging.getLogger(__name__)


def serve() -> None:
    """Start the server, and its own PostgreSQL unless DATABASE_URL names one. Ctrl-C stops both.

    Examples:

      roadlens serve

      PORT=9000 ROADLENS_EMPTY=1 ROADLENS_DATA_DIR=/srv/roadlens roadlens serve
    """
    settings = read_settings()
    begin_log(settings, "serve", serves=True)
    # Bound before anything else: a port that is taken should be known before minutes of preparation.
    with bind(settings.host, settings.port) as listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_serve(settings, listener))
        except asyncio.CancelledError:
            raise typer.Exit(128 + signal.SIGINT) from None


async def _serve(settings: Settings, listener: socket.socket) -> None:
    """A signal during the opening undoes it; one while serving lets answers finish, then closes in order."""
    cancel_on_stop()
    async with open_server(settings) as wiring:
        if not settings.empty:
            await _demonstrate(wiring.database)
        said = _announcement(settings, address(listener))
        with pid_file.noted(settings.data_dir), supervisor.watched():
            if settings.workers == 1:
                await _serve_alone(wiring, listener, said)
            else:
                await _serve_with_workers(wiring, listener, said)


async def _serve_alone(wiring: Wiring, listener: socket.socket, said: str) -> None:
    """This process answers, so nobody can take its place while it does."""
    server = HttpServer(wiring, partial(_answers, said))
    _on_stop(server.stop)
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGHUP, logger.warning, "A reload needs ROADLENS_WORKERS of 2 or more: restart this server instead."
    )
    await server.serve(sockets=[listener])


async def _serve_with_workers(wiring: Wiring, listener: socket.socket, said: str) -> None:
    """This process holds the port and the database; others answer."""
    await wiring.database.close()  # its connections: those that are needed now are the workers'
    with TemporaryDirectory(prefix="roadlens-metrics-") as tallies:
        workers = Workers(wiring.settings, listener, wiring.database_url, Path(tallies))
        reload = Reload(workers)

        def stop() -> None:
            workers.stop()
            reload.stop()

        _on_stop(stop)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload.begin)
        try:
            await workers.run(partial(_answers, said))
        finally:
            await reload.ended()


def _answers(said: str) -> None:
    print(said, flush=True)
    supervisor.tell(supervisor.READY)


def _on_stop(stop: Callable[[], None]) -> None:
    def react() -> None:
        supervisor.tell(supervisor.STOPPING)
        stop()

    on_stop(react)


async def _demonstrate(database: Database) -> None:
    """Give a new database something to see, and complete what an interrupted start began."""
    plan = await fill.pending(database)
    if plan is not None:
        print(
            "Simulating a demonstration fleet, once, for about half a minute. ROADLENS_EMPTY=1 goes without it.",
            flush=True,
        )
        await simulate(database, plan)


def _announcement(settings: Settings, where: str) -> str:
    """Where the server is and how to get in. The password itself is never printed: terminals and logs remember."""
    file = admin_password_file(settings)
    if settings.admin_password is not None:
        shown, typed = "the one in ROADLENS_ADMIN_PASSWORD", "$ROADLENS_ADMIN_PASSWORD"
    elif file.exists():
        shown, typed = f"cat {shlex.quote(str(file))}", f"$(cat {shlex.quote(str(file))})"
    else:
        shown, typed = f"the one you set; `roadlens users password {settings.admin_username}` sets another", "…"
    return f"""
Roadlens is running at {where}

  Sign in as   {settings.admin_username}
  Password     {shown}
  Reference    {where}/docs
  First step   TOKEN=$(curl -s {where}/api/v1/auth/token -d username={shlex.quote(settings.admin_username)} \\
                 --data-urlencode "password={typed}" | cut -d '"' -f 4)
               curl -s {where}/api/v1/admin/dashboard/summary -H "Authorization: Bearer $TOKEN"

Ctrl-C stops it.
"""
