"""The launcher alone: whose child it becomes, and that it does not outlive its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from roadlens.storage.embedded import launch
from roadlens.storage.embedded.identity import as_caller
from tests.support.embedded_database import until

SLEEP = Path("/bin/sleep")


def test_program_takes_the_launchers_place() -> None:
    command = as_caller().command(Path(sys.executable), "-c", "import os; print(os.getpid())")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.communicate()[0].strip() == str(process.pid)
    assert process.returncode == 0


def test_program_ends_with_its_parent() -> None:
    parent = (
        "import subprocess, sys; from pathlib import Path; from roadlens.storage.embedded.identity import as_caller; "
        f"child = subprocess.Popen(as_caller().command(Path({str(SLEEP)!r}), '600')); print(child.pid, flush=True); "
        "child.wait()"
    )
    search_path = os.pathsep.join(sys.path)
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": search_path}
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        until(lambda: running(child).startswith(str(SLEEP)), "the program ran")
        process.send_signal(signal.SIGKILL)
    until(lambda: not running(child), "the program ended")


def running(pid: int) -> str:
    """The command line of a living process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except FileNotFoundError:
        return ""


def test_program_does_not_start_when_its_parent_has_ended_already() -> None:
    some_other_pid = os.getppid()
    command = [sys.executable, "-I", "-S", launch.__file__, "self", str(some_other_pid), "/bin/echo", "started"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (1, "")
    assert "has ended" in result.stderr


def test_program_that_is_not_there() -> None:
    result = subprocess.run(as_caller().command(Path("/absent")), check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert "cannot run /absent as self: [Errno 2]" in result.stderr
