"""Roadlens as a user has it: its commands and its server as processes of their own, over one data directory."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.support import command

ROADLENS = str(Path(sys.executable).with_name("roadlens"))
ADMIN_PASSWORD = "correct horse battery staple"
SHARED_DRIVES = Path(__file__).parents[3] / "shared" / "data" / "nds"
START_WITHIN_S = 120
STOP_WITHIN_S = 120
RUN_WITHIN_S = 120


def real_drives(name: str) -> list[Path]:
    """The file of real drives, as the values of a parametrised test: none where the drives are not at hand."""
    return [path for path in (SHARED_DRIVES / name,) if path.exists()]


@dataclass
class Installation:
    """One data directory; every process started here sees the same environment."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ROADLENS_")}
        inherited.pop("DATABASE_URL", None)
        ours = {"ROADLENS_DATA_DIR": str(self.data_dir), "ROADLENS_ADMIN_PASSWORD": ADMIN_PASSWORD, "PORT": "0"}
        # A test asks faster than people may.
        usual = {"ROADLENS_EMPTY": "1", "ROADLENS_RATE_LIMIT": "0", "PYTHONUNBUFFERED": "1"}
        return inherited | ours | usual | self.settings

    def run(self, *arguments: str, fails: bool = False, typed: str = "") -> str:
        """Run a command to its end and return what it printed, errors included."""
        ran = self._start if any(name.startswith("PYTHON") for name in self.settings) else command.run
        status, printed = ran([ROADLENS, *arguments], self.environment, typed, RUN_WITHIN_S)
        assert (status != 0) == fails, printed
        return printed

    @staticmethod
    def _start(
        arguments: Sequence[str], environment: Mapping[str, str], typed: str, within_s: float
    ) -> tuple[int, str]:
        """As `command.run`, for an environment that changes what Python loads."""
        done = subprocess.run(
            arguments,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            input=typed,
            text=True,
            timeout=within_s,
            check=False,
        )
        return done.returncode, done.stdout

    @contextmanager
    def server(self) -> Iterator[Api]:
        """A running server, and its API as an administrator who has signed in sees it."""
        process = subprocess.Popen(
            [ROADLENS, "serve"], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        said: list[str] = []
        keeping = threading.Thread(target=_keep, args=(process, said), daemon=True)
        try:
            with httpx.Client(base_url=f"{_address(process, said)}/api/v1", timeout=120) as client:
                keeping.start()
                yield Api.signed_in(client, process.pid, said)
        finally:
            _end(process)
            if keeping.ident is not None:  # who closes what another thread reads has that thread fail
                keeping.join(STOP_WITHIN_S)
                assert not keeping.is_alive(), "something of the server's lives on"
            if process.stdout is not None:
                process.stdout.close()


@dataclass
class Api:
    """The HTTP API with a token; `said` is what the server has printed by now."""

    client: httpx.Client
    pid: int
    said: list[str]

    @classmethod
    def signed_in(cls, client: httpx.Client, pid: int, said: list[str]) -> Api:
        answer = client.post("/auth/login", json={"username": "admin", "password": ADMIN_PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"
        return cls(client, pid, said)

    def get(self, path: str, **parameters: str | int) -> Any:
        return self.client.get(path, params=parameters).raise_for_status().json()


def _address(process: subprocess.Popen[str], said: list[str]) -> str:
    """Wait until the server says where it listens; a server that does not is ended."""
    assert process.stdout is not None
    alarm = threading.Timer(START_WITHIN_S, process.kill)
    alarm.start()
    try:
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"http://[\d.]+:\d+", line):
                return found.group()
    finally:
        alarm.cancel()
    raise AssertionError("the server did not start:\n" + "".join(said))


def _keep(process: subprocess.Popen[str], said: list[str]) -> None:
    """Go on reading, so that a server that says much does not stop because nobody listens."""
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)  # noqa: PERF402 - seen by the test as it comes


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
