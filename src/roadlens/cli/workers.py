"""Keeps the worker processes of one server going: starts and replaces them, and stops them in order."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from itertools import count as numbers
from pathlib import Path
from typing import Any, Final

from roadlens.cli import place
from roadlens.cli.listener import take_last_ones
from roadlens.cli.place import Worker
from roadlens.cli.worker import Task
from roadlens.errors import RoadlensError, SetupError
from roadlens.observability.metrics import Metrics
from roadlens.observability.tally import Tally, cells_file
from roadlens.settings import Settings
from roadlens.storage.change_feed.dead import forget

# Seconds until a worker that died is started again: doubled each time, until one has lived for a while.
SHORTEST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 10.0
A_WHILE_S: Final = 60.0

logger = logging.getLogger(__name__)


class Workers:
    """The workers; `run` keeps them until `stop`."""

    def __init__(self, settings: Settings, listener: socket.socket, database_url: str, tallies: Path) -> None:
        self._settings = settings
        self._listener = listener
        self._database_url = database_url
        self._tallies = tallies
        self._restarts = Metrics(Tally(cells_file(tallies, "parent"))).counters("worker_restarts_total")
        self._at: dict[int, Worker] = {}
        self._living: set[Worker] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._answering: set[int] = set()
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()
        self._drain: asyncio.Task[None] | None = None
        self._end: asyncio.Task[None] | None = None

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Until they have been stopped. `on_ready` is called once, when all answer.

        Raises:
            SetupError: one ended before all of them answered.
        """
        keeping = [asyncio.create_task(self._keep(number)) for number in range(1, self._settings.workers + 1)]
        ready = asyncio.create_task(self._announce(on_ready))
        try:
            await asyncio.gather(*keeping)
        finally:
            # One that could not be started, or a cancellation, ends the others.
            self._stopping.set()
            ready.cancel()
            await self._end_all()
            await asyncio.gather(*keeping, ready, *self._tasks, return_exceptions=True)

    def stop(self) -> None:
        """Drain, take no more requests, let the workers finish those that they have. Called again, drain no longer."""
        if self._end is None:
            self._drain = asyncio.create_task(asyncio.sleep(self._settings.drain_seconds))
            self._end = asyncio.create_task(self._stop(self._drain))
        elif self._drain is not None:
            self._drain.cancel()

    async def _stop(self, drained: asyncio.Task[None]) -> None:
        for worker in self._living:
            worker.tell_to_drain()
        await asyncio.wait({drained})
        # While they still take connections: what waits would be reset.
        if self._answering:
            await take_last_ones(self._listener)
        self._stopping.set()
        # When the workers have done so too, who comes is refused, and does not wait in vain.
        self._listener.close()
        await self._end_all()

    async def _end_all(self) -> None:
        await asyncio.gather(*(worker.end(self._settings.shutdown_seconds) for worker in self._living))

    async def reload(self, upgrade: Callable[[], Awaitable[None]]) -> bool:
        """Replace one worker after the other, once `upgrade` has brought the database up to date. Whether all were.

        Where something goes wrong, those that are there go on.
        """
        if not self._ready.is_set() or self._stops():
            return False
        try:
            await upgrade()
        except (RoadlensError, OSError) as error:
            logger.error("Nothing was replaced: %s", error.detail if isinstance(error, RoadlensError) else error)
            return False
        for number in sorted(self._at):
            if self._stops() or not await self._replace(number):
                return False
        logger.info("All %d workers were replaced", self._settings.workers)
        return True

    def _stops(self) -> bool:
        return self._end is not None

    async def _replace(self, number: int) -> bool:
        """1. Another process for the place starts, and counts in files of its own. 2. It answers. 3. The one before is
        told to stop: it gives its lease back when it has answered what it has. Nobody waits for either meanwhile.
        """
        try:
            new = await self._start(number)
        except OSError as error:
            logger.error("A new worker cannot be started (%s); those of before go on", error)
            return False
        if not await new.until_ready():
            await new.end(0)
            logger.error("A new worker %s before it could answer; those of before go on", new.how_it_ended())
            return False
        former, self._at[number] = self._at[number], new
        self._answers(number)
        await former.end(self._settings.shutdown_seconds)
        return True

    async def _announce(self, on_ready: Callable[[], None]) -> None:
        await self._ready.wait()
        on_ready()

    async def _keep(self, number: int) -> None:
        """One place among the workers, and who takes it."""
        clock = asyncio.get_running_loop().time
        pause = SHORTEST_PAUSE_S
        while not self._stopping.is_set():
            began = clock()
            try:
                worker = await self._until_deserted(number)
            except OSError as error:  # whoever has a place goes on, and the next try may succeed
                if not self._ready.is_set():
                    raise SetupError(f"A worker process cannot be started: {error}.") from error
                who, how = f"Worker {number}", f"cannot be started ({error})"
            else:
                who, how = f"Worker {number} (pid {worker.pid})", worker.how_it_ended()
                if self._stopping.is_set():
                    return
                if not self._ready.is_set():
                    raise SetupError(f"A worker process {how} before it could answer. The lines above say why.")
                self._restarts.add()
            pause = SHORTEST_PAUSE_S if clock() - began > A_WHILE_S else pause
            logger.warning("%s %s; starting it again in %.1f s", who, how, pause)
            await _either(self._stopping, pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _until_deserted(self, number: int) -> Worker:
        """Wait until whoever has the place, or is started for it, has ended, and not merely given it over.

        Raises:
            OSError: nobody can be started.
        """
        if number not in self._at or self._at[number].ended.is_set():  # nobody has taken it over meanwhile
            self._at[number] = await self._start(number)
            self._note_when_ready(number, self._at[number])
        while True:
            worker = self._at[number]
            await worker.ended.wait()
            if self._at[number] is worker:
                return worker

    async def _start(self, number: int) -> Worker:
        taken = {worker.name for worker in self._living}
        name = next(
            name for turn in numbers() if (name := f"worker-{number}{'-' * (turn > 0)}{turn or ''}") not in taken
        )
        task = Task(number, name, self._listener.fileno(), self._database_url, str(self._tallies))
        worker = await place.start(name, task)
        self._living.add(worker)
        self._beside(self._attend(worker))
        if self._stopping.is_set():
            self._beside(worker.end(self._settings.shutdown_seconds))
        elif self._stops():
            worker.tell_to_drain()
        return worker

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attend(self, worker: Worker) -> None:
        try:
            await worker.attend(self._settings.worker_timeout)
        finally:
            self._living.discard(worker)
        if await forget(self._database_url, worker.leases):
            logger.info("The lease of a worker that has ended (pid %d) was given back for it", worker.pid)

    def _note_when_ready(self, number: int, worker: Worker) -> None:
        async def note() -> None:
            if await worker.until_ready():
                self._answers(number)

        self._beside(note())

    def _answers(self, number: int) -> None:
        logger.info("Worker %d (pid %d) answers", number, self._at[number].pid)
        self._answering.add(number)
        if len(self._answering) == self._settings.workers:
            self._ready.set()


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, and no longer than that."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
