"""A server's process is known for as long as it lives, and no longer."""

from __future__ import annotations

import subprocess
import sys
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
