"""One run: the clients' process beside something that is done to the site meanwhile. Knows no particular fault."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from lab import history
from lab.history import Fault
from lab.orders import Orders

# Beyond their time, clients wait for the answers under way.
_END_WITHIN_S = 30.0


class Clients:
    """The process, from its start until it has written its history."""

    def __init__(self, orders: Orders) -> None:
        file = Path(orders.directory).with_suffix(".orders")
        file.write_bytes(msgspec.json.encode(orders))
        self._seconds = orders.seconds
        self._process = subprocess.Popen([sys.executable, "-m", "lab.clients", str(file)])
        self.began = time.monotonic()

    @property
    def working(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """Wait for its end, and fail if it failed.

        Raises:
            RuntimeError: it has, and what it has printed says why.
        """
        left = self._seconds - (time.monotonic() - self.began) + _END_WITHIN_S
        try:
            code = self._process.wait(max(1.0, left))
        finally:
            self._process.kill()
        if code:
            raise RuntimeError(f"the clients ended with status {code}")


class Log:
    """The faults of a run, each written down when it has been undone."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._faults: list[Fault] = []
        self._alone = threading.Lock()

    def during(self, kind: str, target: str, harm: Callable[[], None]) -> None:
        """Do harm, which ends with all being well again."""
        began = time.monotonic()
        try:
            harm()
        finally:
            self.add(Fault(kind, target, began, time.monotonic()))

    def add(self, fault: Fault) -> None:
        with self._alone:
            self._faults.append(fault)
            history.keep_faults(self._directory, self._faults)
