"""`roadlens serve`: opens everything, says where it is, and serves until it is told to stop."""

from __future__ import annotations

import asyncio
import shlex
import signal
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import typer
import uvloop

from roadlens.cli.demo import simulate
from roadlens.cli.http_server import HttpServer, cancel_on_stop, on_stop
from roadlens.cli.listener import address, bind
from roadlens.cli.workers import Workers
from roadlens.logbook import begin_log
from roadlens.settings import Settings, read_settings
from roadlens.storage.database import Database
from roadlens.telemetry.demo import fill
from roadlens.wiring import Wiring, admin_password_file, open_server


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
        if settings.workers == 1:
            server = HttpServer(wiring, lambda: print(said, flush=True))
            on_stop(server.stop)
            await server.serve(sockets=[listener])
        else:
            await _serve_with_workers(wiring, listener, said)


async def _serve_with_workers(wiring: Wiring, listener: socket.socket, said: str) -> None:
    """This process holds the port and the database; others answer."""
    await wiring.database.close()  # its connections: those that are needed now are the workers'
    with TemporaryDirectory(prefix="roadlens-metrics-") as tallies:
        workers = Workers(wiring.settings.workers, listener, wiring.database_url, Path(tallies))
        on_stop(workers.stop)
        await workers.run(lambda: print(said, flush=True))


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
