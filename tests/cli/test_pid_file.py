"""A server's process is known for as long as it lives, and no longer."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from roadlens.cli.pid_file import noted, server_pid

HOLDS = """
import sys
from pathlib import Path
from roadlens.cli.pid_file import noted
with noted(Path(sys.argv[1])):
    print(flush=True)
    sys.stdin.read()
"""


def test_another_process_is_known_while_it_lives(tmp_path: Path) -> None:
    assert server_pid(tmp_path) is None
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "new")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert server_pid(tmp_path / "new") == holder.pid
        with noted(tmp_path / "new"):  # a second one is not in the way
            assert server_pid(tmp_path / "new") == holder.pid
        holder.kill()
        holder.wait()
        assert server_pid(tmp_path / "new") is None


def test_where_nothing_can_be_written_nothing_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with noted(file / "below"):
        assert server_pid(file / "below") is None


def test_what_is_no_number_is_nobody(tmp_path: Path) -> None:
    (tmp_path / "server.pid").write_text("somebody")
    assert server_pid(tmp_path) is None


@contextmanager
def looked_at(directory: Path) -> Iterator[None]:
    """Somebody who looks which process it is, and has just begun to."""
    with (directory / "server.pid").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def test_a_server_that_is_looked_for_while_it_starts_is_known(tmp_path: Path) -> None:
    (tmp_path / "server.pid").touch()
    known, enough = threading.Event(), threading.Event()

    def serve() -> None:
        with noted(tmp_path):
            known.set()
            enough.wait()

    server = threading.Thread(target=serve)
    try:
        with looked_at(tmp_path):
            server.start()
            assert not known.wait(0.1)
        assert known.wait(120)
        assert server_pid(tmp_path) == os.getpid()
    finally:
        enough.set()
        server.join()


def test_of_two_who_look_none_takes_the_other_for_a_server(tmp_path: Path) -> None:
    (tmp_path / "server.pid").write_text("1")
    with looked_at(tmp_path):
        assert server_pid(tmp_path) is None
