"""Keeps the worker processes of one server going: starts them, starts again what dies, and stops them in order."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from roadlens.cli.http_server import DRAIN_S
from roadlens.cli.worker import READY, Task
from roadlens.errors import SetupError
from roadlens.observability.metrics import Metrics
from roadlens.observability.tally import Tally, cells_file

# Seconds until a worker that died is started again: doubled each time, until one has lived for a while.
SHORTEST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 10.0
A_WHILE_S: Final = 60.0
# After the answers under way: storing what has come in, and closing.
CLOSE_S: Final = 10

logger = logging.getLogger(__name__)


class Workers:
    """The workers; `run` keeps them until `stop`."""

    def __init__(self, count: int, listener: socket.socket, database_url: str, tallies: Path) -> None:
        self._count = count
        self._listener = listener
        self._database_url = database_url
        self._tallies = tallies
        self._restarts = Metrics(Tally(cells_file(tallies, "parent"))).counters("worker_restarts_total")
        self._processes: dict[int, Process] = {}
        self._answering: set[int] = set()
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Until they have been stopped. `on_ready` is called once, when all answer.

        Raises:
            SetupError: one ended before all of them answered.
        """
        keeping = [asyncio.create_task(self._keep(number)) for number in range(1, self._count + 1)]
        ready = asyncio.create_task(self._announce(on_ready))
        try:
            await asyncio.gather(*keeping)
        finally:
            # One that could not be started, or a cancellation, ends the others.
            self.stop()
            ready.cancel()
            await asyncio.gather(*keeping, ready, return_exceptions=True)

    def stop(self) -> None:
        """Take no more requests, let the workers finish those that they have, and start none again."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        # Workers that have all stopped listening leave nobody in the queue.
        self._listener.close()
        for process in self._processes.values():
            process.terminate()

    async def _announce(self, on_ready: Callable[[], None]) -> None:
        await self._ready.wait()
        on_ready()

    async def _keep(self, number: int) -> None:
        """One place among the workers, and who takes it."""
        clock = asyncio.get_running_loop().time
        pause = SHORTEST_PAUSE_S
        while not self._stopping.is_set():
            began = clock()
            process = await self._start(number)
            await self._live(number, process)
            if self._stopping.is_set():
                return
            how = _how_it_ended(process)
            if not self._ready.is_set():
                raise SetupError(f"A worker process {how} before it could answer. The lines above say why.")
            pause = SHORTEST_PAUSE_S if clock() - began > A_WHILE_S else pause
            logger.warning("Worker %d (pid %d) %s; starting it again in %.1f s", number, process.pid, how, pause)
            self._restarts.add()
            await _either(self._stopping, pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _start(self, number: int) -> Process:
        task = Task(number, self._listener.fileno(), self._database_url, str(self._tallies))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "roadlens.cli.worker"),
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=[task.listener],
            # Ctrl-C in a terminal is for the parent, which tells the workers.
            start_new_session=True,
        )
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(task) + b"\n")
        return process

    async def _live(self, number: int, process: Process) -> None:
        """Be with a worker until it has ended."""
        assert process.stdout is not None
        self._processes[number] = process
        if self._stopping.is_set():
            process.terminate()
        overdue = asyncio.create_task(self._end_if_overdue(process))
        try:
            async for line in process.stdout:
                if line == READY:
                    self._answers(number)
            await process.wait()
        finally:
            overdue.cancel()
            del self._processes[number]

    def _answers(self, number: int) -> None:
        logger.info("Worker %d (pid %d) answers", number, self._processes[number].pid)
        self._answering.add(number)
        if len(self._answering) == self._count:
            self._ready.set()

    async def _end_if_overdue(self, process: Process) -> None:
        await self._stopping.wait()
        await asyncio.sleep(DRAIN_S + CLOSE_S)
        logger.warning("A worker (pid %d) did not stop in time and is ended", process.pid)
        process.kill()


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, and no longer than that."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _how_it_ended(process: Process) -> str:
    code = process.returncode or 0
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
