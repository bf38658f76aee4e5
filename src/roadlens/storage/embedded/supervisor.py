"""One thread that starts postgres, waits for its end, and starts it again: it knows processes, no SQL.

The kernel ties a parent-death signal to the *thread* that forked, so one thread must own the server for as long as it
is to live. Were postgres started from a request's or an executor's thread, it would end with that.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from roadlens.errors import SetupError
from roadlens.storage.embedded.cluster import environment
from roadlens.storage.embedded.data_directory import DataDirectory, explained, private_append
from roadlens.storage.embedded.errors import PostgresStartFailed
from roadlens.storage.embedded.failures import explain_failure, is_passing, last_lines, read_log_since
from roadlens.storage.embedded.processes import end_orphans, read_postmaster

# A disk that was full may have room again: after some quick tries it goes on trying, slowly.
PAUSES_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_AFTER_S = 60.0  # who ran that long did not fail in starting
REMAINS_TIMEOUT_S = 30.0
LOOK_EVERY_S = 0.02

# Fast shutdown, then leave at once, then the kernel; in seconds. The second loses nothing: it is recovered at start.
STOP_SIGNALS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))

logger = logging.getLogger(__name__)


def pause_after(failures: int) -> float:
    """Seconds until the next start; `failures` is how many in a row it was that failed, 0 after a steady life."""
    return PAUSES_S[min(max(failures, 1), len(PAUSES_S)) - 1]


class Supervisor:
    """Keeps the server of one data directory running from `start` to `stop`. Used once."""

    def __init__(self, data: DataDirectory, command: Callable[[], list[str]]) -> None:
        """`command` makes the command line anew for each start."""
        self._data = data
        self._command = command
        self._thread = threading.Thread(target=self._supervise, name="postgres-supervisor", daemon=True)
        self._changed = threading.Condition()
        # All below change under the condition.
        self._process: subprocess.Popen[bytes] | None = None
        self._was_ready = False
        self._stopping = False
        self._failure: SetupError | None = None

    def start(self, timeout_s: float) -> None:
        """Start the server and return when it accepts connections.

        Raises:
            SetupError: it ended instead, or was not ready in time; nothing runs then.
        """
        self._thread.start()
        try:
            with self._changed:
                settled = self._changed.wait_for(lambda: self._was_ready or self._failure is not None, timeout_s)
            if self._failure is not None:
                raise self._failure
            if not settled:
                raise PostgresStartFailed(
                    f"PostgreSQL was still not ready after {timeout_s:.0f} s: {self._data.log} says what it is doing "
                    "(recovering after a crash can take minutes). Start again to give it more time."
                )
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut the server down, ever more firmly, and return when it has ended."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for number, patience_s in STOP_SIGNALS:
            deadline = time.monotonic() + patience_s
            while self._thread.is_alive() and time.monotonic() < deadline:
                # Again each second: a signal that comes before the launcher's exec can find nobody listening.
                with self._changed:
                    if self._process is not None:
                        self._process.send_signal(number)
                self._thread.join(min(1.0, patience_s))
        if self._thread.is_alive():
            logger.error("PostgreSQL did not end, not even when killed")

    @property
    def pid(self) -> int | None:
        """The process of the server that runs now, ready or not."""
        with self._changed:
            return self._process.pid if self._process is not None else None

    def _supervise(self) -> None:
        began = time.monotonic()
        failures = 0
        while True:
            spawned = time.monotonic()
            printed = self._live_once()
            with self._changed:
                if self._stopping:
                    return
                worth_another_try = is_passing(printed) and time.monotonic() - began < REMAINS_TIMEOUT_S
                if not self._was_ready and not worth_another_try:
                    self._failure = explain_failure("postgres", printed, self._data)
                    self._changed.notify_all()
                    return
            failures = 0 if time.monotonic() - spawned > STEADY_AFTER_S else failures + 1
            pause_s = pause_after(failures)
            logger.error(
                "PostgreSQL ended unexpectedly; next start in %.1f s. It said:\n%s", pause_s, last_lines(printed)
            )
            end_orphans(self._data.cluster)
            with self._changed:
                self._changed.wait_for(lambda: self._stopping, pause_s)

    def _live_once(self) -> str:
        """Run the server until it ends. Returns what it wrote to its log meanwhile."""
        try:
            with explained(self._data.path), private_append(self._data.log) as log:
                offset = log.tell()
                process = self._spawn(log.fileno())
        except SetupError as error:
            return str(error.__cause__)
        if process is None:
            return ""
        while process.poll() is None and not self._is_ready(process.pid):
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_EVERY_S)
        process.wait()
        with self._changed:
            self._process = None
        return read_log_since(self._data.log, offset)

    def _spawn(self, log: int) -> subprocess.Popen[bytes] | None:
        with self._changed:
            if self._stopping:
                return None
            self._process = subprocess.Popen(
                self._command(),
                env=environment("C"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches Roadlens, which stops the database last
            )
            return self._process

    def _is_ready(self, pid: int) -> bool:
        postmaster = read_postmaster(self._data.cluster)
        if postmaster is None or postmaster.pid != pid or not postmaster.ready:
            return False
        with self._changed:
            self._was_ready = True
            self._changed.notify_all()
        return True
