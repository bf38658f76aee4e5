"""`roadlens reload`, and what a running server does on SIGHUP: its workers are replaced, one after the other.

New workers run the code that is on the disk then, in the environment that the server was started with. So a new release
is installed beside a running server, and its workers take over without a request lost; the parent stays the old one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Final

from roadlens.cli import supervisor
from roadlens.cli.pid_file import server_pid
from roadlens.cli.workers import Workers
from roadlens.errors import SetupError
from roadlens.settings import read_settings

# Seconds in which an upgrade must end when it is told to; one that is paused does not hear it.
END_S: Final = 5

logger = logging.getLogger(__name__)


def reload() -> None:
    """Tell the server of this data directory to replace its workers, one after the other, without losing a request.

    The new ones run what is installed now; the database is brought to their schema first. It needs ROADLENS_WORKERS of
    2 or more. The server's log says when it is done. Settings stay those that the server was started with.

    Example:

      pip install --upgrade roadlens && roadlens reload
    """
    settings = read_settings()
    pid = server_pid(settings.data_dir)
    if pid is None:
        raise SetupError(
            f"No server runs with the data directory {settings.data_dir}. ROADLENS_DATA_DIR names another."
        )
    os.kill(pid, signal.SIGHUP)
    print(f"The server (pid {pid}) has been told to replace its workers; its log says when that is done.")
    if settings.workers < 2:  # of this environment; the server may have been started in another
        print("If it has only one (ROADLENS_WORKERS), it replaces nothing: restart it instead.")


class Reload:
    """The reloads of one server; one at a time, and one more if it was asked for meanwhile."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self._stopped = asyncio.Event()

    def begin(self) -> None:
        if self._stopped.is_set():
            return
        if self._task is not None and not self._task.done():
            self._again = True
            return
        self._task = asyncio.get_running_loop().create_task(self._work())

    def stop(self) -> None:
        """The server is to stop: an upgrade of the schema stops as well."""
        self._stopped.set()

    async def ended(self) -> None:
        """Wait until nothing of a reload is left. The workers have ended."""
        self.stop()
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _work(self) -> None:
        supervisor.tell(supervisor.reloading())
        self._again = True
        while self._again:
            self._again = False
            try:
                await self._workers.reload(self._upgrade)
            except Exception:  # whatever it is, who supervises waits for the end of this reload
                logger.exception("A reload has ended in the middle; those that are there go on")
        if not self._stopped.is_set():  # that it stops is the last word
            supervisor.tell(supervisor.READY)

    async def _upgrade(self) -> None:
        """By a program of its own, for this one knows only the steps of the release that it was started from.

        Raises:
            SetupError: it failed, and its own lines say why; or the server is to stop.
        """
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", "from roadlens.cli.main import main; main()", "db", "upgrade"),
            stdout=PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for the parent
        )
        ending = asyncio.create_task(program.communicate())
        stopped = asyncio.create_task(self._stopped.wait())
        await asyncio.wait((ending, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not ending.done():
            await _end(program, ending)
            raise SetupError("the server stops, and the upgrade of its database with it; the next start goes on there.")
        if program.returncode != 0:
            raise SetupError("the database could not be brought to the schema of what is installed.")


async def _end(program: Process, ending: asyncio.Task[tuple[bytes, bytes]]) -> None:
    """End an upgrade. PostgreSQL undoes the step that it was at; what had been committed stays (docs/migrations.md)."""
    for tell in (program.terminate, program.kill):
        with suppress(ProcessLookupError):  # it has gone, and the news of it is on its way
            tell()
        done, _ = await asyncio.wait({ending}, timeout=END_S)
        if done:
            return
