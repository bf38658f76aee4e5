"""One place among the workers of a server, and the process that has it: starts it, hears that it lives, ends it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import msgspec

from roadlens.cli.worker import ATTACHED, BEAT_S, DRAIN, LIVES, READY, Task

# After the answers under way: storing what has come in, and closing.
CLOSE_S: Final = 10
# Seconds that a worker may take from its start until it answers.
START_S: Final = 60.0

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Worker:
    """A process that was started for a place.

    Attributes:
        name: of the files in which it counts; no other living process has it.
        ready: it answers.
        leases: each that it may have entered into the database, of which it has told before.
        ended: it has gone, and the system has said how.
    """

    name: str
    process: Process
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    leases: list[UUID] = field(default_factory=list)
    heard_at: float = 0.0

    @property
    def pid(self) -> int:
        return self.process.pid

    # The process may have gone and the news of it be on its way: its pipe is closed by then (uvloop: RuntimeError), and
    # there is nobody to signal. Whoever stops all workers must get to the others.

    def tell_to_drain(self) -> None:
        if self.process.stdin is not None and not self.ended.is_set():
            with suppress(RuntimeError):
                self.process.stdin.write(DRAIN)

    def terminate(self) -> None:
        if not self.ended.is_set():
            with suppress(ProcessLookupError):
                self.process.terminate()

    def kill(self) -> None:
        if not self.ended.is_set():
            with suppress(ProcessLookupError):
                self.process.kill()

    def how_it_ended(self) -> str:
        code = self.process.returncode or 0
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"

    async def attend(self, patience_s: float) -> None:
        """Be with it until it has ended. Who gives no sign of life for so long is killed."""
        watching = asyncio.create_task(self._watch(patience_s))
        try:
            assert self.process.stdout is not None
            async for line in self.process.stdout:
                self.heard_at = asyncio.get_running_loop().time()
                if line == READY:
                    self.ready.set()
                elif line.startswith(ATTACHED):
                    self.leases = [*self.leases[-9:], UUID(hex=line.removeprefix(ATTACHED).strip().decode())]
                elif line != LIVES:
                    logger.warning("Worker %s said what nobody understands: %r", self.name, line)
            await self.process.wait()
        finally:
            watching.cancel()
            self.ended.set()

    async def _watch(self, patience_s: float) -> None:
        """A worker that hangs has its event loop stand still: it takes connections from nobody, and answers nobody."""
        loop = asyncio.get_running_loop()
        self.heard_at = loop.time()
        while True:
            asked_at = loop.time()
            await asyncio.sleep(BEAT_S)
            if loop.time() - asked_at > 2 * BEAT_S:  # this process itself stood still: what was said waits in the pipe
                self.heard_at = loop.time()
            if loop.time() - self.heard_at > (patience_s if self.ready.is_set() else max(patience_s, START_S)):
                logger.error(
                    "A worker (pid %d) has given no sign of life for %.0f s and is ended", self.pid, patience_s
                )
                self.kill()
                return

    async def until_ready(self) -> bool:
        """Wait until it answers, or has ended: whether it answers."""
        waiting = [asyncio.create_task(event.wait()) for event in (self.ready, self.ended)]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        return self.ready.is_set() and not self.ended.is_set()

    async def end(self, within_s: float) -> None:
        """Tell it to stop, and wait until it has; who takes longer than that is killed."""
        self.terminate()
        try:
            async with asyncio.timeout(within_s + CLOSE_S):
                await self.ended.wait()
        except TimeoutError:
            logger.warning("A worker (pid %d) did not stop in time and is ended", self.pid)
            self.kill()
            await self.ended.wait()


async def start(name: str, task: Task) -> Worker:
    """A new process for a task; it does not answer yet.

    Raises:
        OSError: the system gives no process, file or memory now, or Python is not where it was.
    """
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
    return Worker(name, process)
