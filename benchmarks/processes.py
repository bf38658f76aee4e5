"""Starts Roadlens as a user would, and reads what its processes cost from the kernel."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

ROADLENS = str(Path(sys.executable).with_name("roadlens"))
START_WITHIN_S = 60


def environment(data_dir: Path) -> dict[str, str]:
    """The environment of every process of one benchmark, which asks more than one address may."""
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    ours = {"ROADLENS_DATA_DIR": str(data_dir), "ROADLENS_EMPTY": "1", "ROADLENS_RATE_LIMIT": "0"}
    return kept | ours | {"PORT": "0", "PYTHONUNBUFFERED": "1"}


@contextmanager
def server(data_dir: Path, log: BinaryIO | None = None, /, **settings: str) -> Iterator[tuple[int, str]]:
    """A running server: its process id and its address. Without a file for its log, what it says is read at first."""
    process = subprocess.Popen(
        [ROADLENS, "serve"],
        env=environment(data_dir) | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if log is None else log,
        text=True,
    )
    try:
        yield process.pid, _address(process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    deadline, said = time.monotonic() + START_WITHIN_S, deque[str](maxlen=20)
    for line in process.stdout:
        said.append(line)
        if found := re.search(r"http://[\d.]+:\d+", line):
            return found.group()
        if time.monotonic() > deadline:
            break
    raise RuntimeError(f"The server did not say its address, but:\n{''.join(said)}")


def run(data_dir: Path, *arguments: str) -> tuple[float, int]:
    """Run a command to its end: wall-clock seconds and peak memory in bytes."""
    began = time.perf_counter()
    process = subprocess.Popen([ROADLENS, *arguments], env=environment(data_dir), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"roadlens {' '.join(arguments)} ended with {process.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss * 1024


def memory_bytes(pid: int) -> int:
    """Proportional set size of a process: its own memory and its share of what it shares. 0 if it has just ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found.group(1)) * 1024


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and all below it have used so far."""
    used = 0
    for each in (pid, *descendants(pid)):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """All processes below one; those that end while it looks are left out."""
    try:
        tasks = [(task / "children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    children = [int(child) for text in tasks for child in text.split()]
    return [below for child in children for below in (child, *descendants(child))]
