"""One worker process: answers at a socket that its parent bound, over a database that its parent opened.

The parent runs it as a program of its own, so that nothing that is open there is open here. The first line on stdin
says what it needs; when that pipe ends the parent has gone, and the worker stops as if it had been told to. On stdout
it says that it answers, that it lives, and by which name it is about to enter its lease.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
import uvloop

from roadlens.cli.http_server import HttpServer, cancel_on_stop, on_stop
from roadlens.errors import RoadlensError
from roadlens.logbook import begin_log
from roadlens.observability.metrics import Metrics
from roadlens.observability.tally import Tally, cells_file
from roadlens.settings import read_settings
from roadlens.wiring import open_worker

# What it says on stdout: once it answers; every second; before a lease.
READY: Final = b"ready\n"
LIVES: Final = b"lives\n"
ATTACHED: Final = b"attaching "
# What it is told on stdin, behind its task.
DRAIN: Final = b"drain\n"

BEAT_S: Final = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is told; everything else stands in the environment. The address may hold a password.

    Attributes:
        number: from 1; the one that takes another worker's place has the same.
        name: of the files in which it counts.
        listener: the socket's file descriptor.
        tallies: the directory in which the workers count.
    """

    number: int
    name: str
    listener: int
    database_url: str
    tallies: str


def main() -> None:
    line = _first_line()
    if not line:  # the parent went at once
        return
    task = msgspec.json.decode(line, type=Task)
    # A reload is the parent's affair, also where all processes of a service are told (`systemctl kill`, `killall`).
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    settings = read_settings()
    begin_log(settings, f"worker {task.number}", serves=True)
    # A parent that stands still must not make its workers stand still.
    os.set_blocking(sys.stdout.fileno(), False)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_work(task))
        except asyncio.CancelledError:
            logger.debug("Told to stop while opening")
        except RoadlensError as error:
            logger.error("Cannot start: %s", error.detail)
            sys.exit(1)


async def _work(task: Task) -> None:
    cancel_on_stop()
    living = asyncio.create_task(_live())
    metrics = Metrics(Tally(cells_file(Path(task.tallies), task.name)))
    with socket.socket(fileno=task.listener) as listener:
        async with open_worker(read_settings(), task.database_url, metrics, _say_attaching) as wiring:
            server = HttpServer(wiring, lambda: _say(READY), shared=True)
            on_stop(server.stop)
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _hear, server)
            await server.serve(sockets=[listener])
    living.cancel()


def _hear(server: HttpServer) -> None:
    """The parent's word; the end of the pipe is its own end."""
    if os.read(sys.stdin.fileno(), 4096):
        server.drain()
    else:
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        server.stop()


async def _live() -> None:
    while True:
        _say(LIVES)
        await asyncio.sleep(BEAT_S)


def _say_attaching(lease: UUID) -> None:
    _say(ATTACHED + lease.hex.encode() + b"\n")


def _say(line: bytes) -> None:
    with suppress(BlockingIOError, BrokenPipeError):
        os.write(sys.stdout.fileno(), line)


def _first_line() -> bytes:
    """Read byte by byte: what follows is not to be kept where the event loop does not see it."""
    line = b""
    while byte := os.read(sys.stdin.fileno(), 1):
        line += byte
        if byte == b"\n":
            return line
    return b""


if __name__ == "__main__":
    main()
