"""A Roadlens server as a process that can be killed, paused, and started again at the same port."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from lab.orders import HOST
from tests.support.installation import ROADLENS, Installation
from tests.support.workers import workers_of

_START_WITHIN_S = 90.0
_STOP_WITHIN_S = 40.0
_LOOK_S = 0.05
_ANNOUNCED = b"Roadlens is running at"


def quiet_port() -> int:
    """One that no connection is given by chance while its server is away: from below those of ip_local_port_range."""
    while True:
        port = random.randrange(15_000, 30_000)
        with socket.socket() as tried, suppress(OSError):
            tried.bind((HOST, port))
            return port


@dataclass
class Server:
    """One `roadlens serve`. Its log is `NAME.log` beside the data directory.

    Attributes:
        installation: settings, the number of workers and addresses among them.
        more: environment variables of its next start.
        source: where its code is, if it is not the one that is installed.
    """

    name: str
    port: int
    installation: Installation
    process: subprocess.Popen[bytes] | None = None
    more: dict[str, str] | None = None
    source: Path | None = None
    _said_before: int = 0

    @property
    def log(self) -> Path:
        return self.installation.data_dir.parent / f"{self.name}.log"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def workers(self) -> list[int]:
        """Who answers: a server with one worker is that itself."""
        process = self.process  # another thread may end it meanwhile
        if process is None:
            return []
        if self.installation.settings["ROADLENS_WORKERS"] == "1":
            return [process.pid]
        return workers_of(process.pid)

    def spawn(self) -> None:
        given, more = self.installation.environment, self.more or {}
        environment = given | {"PORT": str(self.port)} | more
        paths = ("" if self.source is None else str(self.source), more.get("PYTHONPATH"), given.get("PYTHONPATH"))
        if found := os.pathsep.join(filter(None, paths)):
            environment["PYTHONPATH"] = found
        with self.log.open("ab") as log:
            self._said_before = log.tell()
            self.process = subprocess.Popen([ROADLENS, "serve"], env=environment, stdout=log, stderr=log)

    def start(self) -> None:
        self.spawn()
        self.wait()

    def wait(self) -> None:
        """Until all its workers answer. One that has ended, having found no database, is started as a machine would."""
        end = time.monotonic() + _START_WITHIN_S
        while not (self._announced() and self.answers()):
            if self.process is not None and self.process.poll() is not None:
                self.spawn()
            assert time.monotonic() < end, f"{self.name} does not answer: {self.log.read_text()[-2000:]}"
            time.sleep(_LOOK_S)

    def _announced(self) -> bool:
        """It says so when all workers are ready; one that is killed before that ends the server."""
        with self.log.open("rb") as log:
            _ = log.seek(self._said_before)
            return _ANNOUNCED in log.read()

    def answers(self) -> bool:
        with suppress(URLError, OSError), urlopen(f"http://{HOST}:{self.port}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)
        return False

    def kill(self) -> None:
        """The whole server, as a crash."""
        if self.process is not None:
            orphans = self.workers
            self.process.kill()
            self.process.wait(_STOP_WITHIN_S)
            for pid in orphans:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process = None

    def stop(self) -> None:
        """As an operator does; under way what is under way is answered."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None
