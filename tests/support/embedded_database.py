"""Another process that has the embedded database open, to be killed; and waiting for what others do in their own time.

Run as a module it is that process: it opens the database, says so on standard output, and goes when its input ends.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

import roadlens
from roadlens.errors import RoadlensError
from roadlens.storage.embedded.identity import Identity
from roadlens.storage.embedded.processes import serving_pid, works_on
from roadlens.storage.embedded.provider import open_database

# What a machine that does much else takes for it, and more.
PATIENCE_S = 120.0


@dataclass
class DatabaseProcess:
    """A running process that opens, or has opened, the database."""

    process: subprocess.Popen[str]
    answer: dict[str, str] | None = None

    def wait_until_open(self) -> str:
        """The address it got.

        Raises:
            RoadlensError: it could not open the database; the message is its own.
        """
        assert self.process.stdout is not None
        self.answer = self.answer or json.loads(self.process.stdout.readline())
        if "error" in self.answer:
            raise RoadlensError(self.answer["error"])
        return self.answer["url"]

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)

    def finish(self) -> None:
        """Let it leave the database, and wait until it has ended."""
        self.leave()
        assert self.process.wait(PATIENCE_S) == 0

    def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()


@contextmanager
def opened_elsewhere(
    data_dir: Path, purpose: str, *, exclusive: bool = False, identity: Identity | None = None
) -> Iterator[DatabaseProcess]:
    arguments = ["-m", __name__, str(data_dir), purpose, "exclusive" if exclusive else "shared"]
    command = [sys.executable, *arguments]
    places = (Path(roadlens.__file__).parents[1], Path(__file__).parents[2])
    process = subprocess.Popen(
        identity.command(Path(command[0]), *command[1:]) if identity else command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places))},
    )
    with process:
        try:
            yield DatabaseProcess(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(PATIENCE_S)
            finally:
                process.kill()


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something another process does in its own time."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s until {what}"
        time.sleep(0.01)


def server_pid(data_dir: Path) -> int:
    pid = serving_pid(data_dir.resolve() / "postgres")
    assert pid is not None
    return pid


def is_postgres(pid: int, data_dir: Path) -> bool:
    return works_on(pid, data_dir.resolve() / "postgres")


def commit_row(url: str, text: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS diary (line text NOT NULL)")
        connection.execute("INSERT INTO diary VALUES (%s)", [text])


def rows(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [line for (line,) in connection.execute("SELECT line FROM diary ORDER BY line")]


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def say(**answer: str) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    data_dir, purpose, mode = sys.argv[1:]
    try:
        with open_database(Path(data_dir), purpose, exclusive=mode == "exclusive") as url:
            say(url=url)
            sys.stdin.read()
    except RoadlensError as error:
        say(error=str(error))


if __name__ == "__main__":
    main()
