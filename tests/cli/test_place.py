"""Workers that go at a bad moment, and workers that cannot be started: the server does what it was told."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from roadlens.cli import supervisor
from tests.support.installation import Installation
from tests.support.postgres import TEMPLATE, Server
from tests.support.workers import is_alive, stopped, until, workers_of


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Runs what is installed here, and can be taken away: as it is for a moment while an environment is made anew."""
    ours = tmp_path / "environment"
    (ours / "bin").mkdir(parents=True)
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", ours)
    (ours / "lib").symlink_to(Path(sys.prefix) / "lib")
    return linked(ours / "bin" / "python")


def linked(python: Path) -> Path:
    python.symlink_to(Path(sys.executable).resolve())
    return python


@pytest.fixture
def installation(postgres: Server, tmp_path: Path) -> Iterator[Installation]:
    with postgres.copy_of(TEMPLATE) as url:
        yield Installation(tmp_path / "data", {"DATABASE_URL": url, "ROADLENS_WORKERS": "2"})


@contextmanager
def served(python: Path, installation: Installation, said: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A server that answers in the block, and what it says; after it, it has stopped by itself, or is ended."""
    program = "from roadlens.cli.main import main; main()"
    process = subprocess.Popen(
        [python, "-P", "-c", program, "serve"],
        env=installation.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    reading = threading.Thread(target=said.extend, args=(process.stdout,), daemon=True)
    try:
        reading.start()
        until(lambda: "Ctrl-C stops it.\n" in said)
        yield process
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=120)
    finally:
        process.kill()
        process.wait()
        reading.join()
        process.stdout.close()


def counted(said: list[str], what: str) -> int:
    return sum(what in line for line in said)


def first_worker(said: list[str]) -> int:
    """The pid of the one that is called so; another one may have a smaller number, where these begin anew."""
    until(lambda: counted(said, "Worker 1 (pid ") > 0)
    (found,) = re.findall(r"Worker 1 \(pid (\d+)\) answers", "".join(said))
    return int(found)


def test_a_stop_at_the_moment_when_a_worker_dies(python: Path, installation: Installation) -> None:
    """The parent, which stood still, finds both at once: it stops the others, and itself."""
    said: list[str] = []
    with served(python, installation, said) as server:
        one, two = workers_of(server.pid)
        with stopped(server.pid):
            os.kill(one, signal.SIGKILL)
            until(lambda: not is_alive(one))
            server.send_signal(signal.SIGTERM)
        server.wait(timeout=120)
    assert server.returncode == 0
    assert not is_alive(two)
    assert counted(said, "exception") == 0


def test_a_worker_that_cannot_be_started_again_is_tried_until_it_can(python: Path, installation: Installation) -> None:
    said: list[str] = []
    with served(python, installation, said) as server:
        one = first_worker(said)
        (two,) = set(workers_of(server.pid)) - {one}
        python.unlink()
        os.kill(one, signal.SIGKILL)
        until(lambda: counted(said, "Worker 1 cannot be started") >= 2)
        assert workers_of(server.pid) == [two]
        linked(python)
        until(lambda: len(workers_of(server.pid)) == 2)
        until(lambda: counted(said, "Worker 1 (pid ") == 3)  # it answered, it was ended, another one answers
    assert server.returncode == 0


def test_a_reload_that_cannot_start_a_program_has_an_end(
    python: Path, installation: Installation, tmp_path: Path
) -> None:
    """systemd waits for it: `READY` says that it is over."""
    said: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(120)
        installation.settings["NOTIFY_SOCKET"] = str(tmp_path / "notify")
        with served(python, installation, said) as server:
            before = workers_of(server.pid)
            python.unlink()
            server.send_signal(signal.SIGHUP)
            words = [heard.recv(4096).decode() for _ in range(3)]
            assert words[0] == words[2] == supervisor.READY
            assert words[1].startswith("RELOADING=1\n")
            until(lambda: counted(said, "Nothing was replaced") == 1)
            assert workers_of(server.pid) == before
    assert server.returncode == 0


@pytest.mark.system
def test_a_reload_that_all_processes_are_told_of_ends_none(python: Path, installation: Installation) -> None:
    """As `systemctl kill --signal=HUP` does."""
    said: list[str] = []
    with served(python, installation, said) as server:
        for pid in (*workers_of(server.pid), server.pid):
            os.kill(pid, signal.SIGHUP)
        until(lambda: counted(said, "All 2 workers were replaced") == 1)
    assert counted(said, "was ended by") == 0
