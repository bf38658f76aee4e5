"""One worker process: answers at a socket that its parent bound, over a database that its parent opened.

The parent runs it as a program of its own, so that nothing that is open there is open here. The first line on stdin
says what it needs; when that pipe ends the parent has gone, and the worker stops as if it had been told to.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import uvloop

from roadlens.cli.http_server import HttpServer, cancel_on_stop, on_stop
from roadlens.errors import RoadlensError
from roadlens.logbook import begin_log
from roadlens.observability.metrics import Metrics
from roadlens.observability.tally import Tally, cells_file
from roadlens.settings import read_settings
from roadlens.wiring import open_worker

# What it says on stdout once it answers.
READY = b"ready\n"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is told; everything else stands in the environment. The address may hold a password.

    Attributes:
        number: from 1; the one that takes a dead worker's place has the same.
        listener: the socket's file descriptor.
        tallies: the directory in which the workers count.
    """

    number: int
    listener: int
    database_url: str
    tallies: str


def main() -> None:
    line = sys.stdin.buffer.readline()
    if not line:  # the parent went at once
        return
    task = msgspec.json.decode(line, type=Task)
    settings = read_settings()
    begin_log(settings, f"worker {task.number}", serves=True)
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
    metrics = Metrics(Tally(cells_file(Path(task.tallies), f"worker-{task.number}")))
    with socket.socket(fileno=task.listener) as listener:
        async with open_worker(read_settings(), task.database_url, metrics) as wiring:
            server = HttpServer(wiring, _say_ready, shared=True)
            on_stop(server.stop)
            # Nothing more is ever written to the pipe: what can be read from it is its end.
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), server.stop)
            await server.serve(sockets=[listener])


def _say_ready() -> None:
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
