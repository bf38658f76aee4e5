"""The worker processes of a server that runs, as the system sees them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# What a machine that does much else takes for it, and more; less than what pytest waits for a whole test.
WITHIN_S = 120.0


def workers_of(pid: int) -> list[int]:
    """The pids of a server's workers that are alive, the oldest first."""
    return [child for child in sorted(children_of(pid)) if b"roadlens.cli.worker" in command_of(child)]


def upgrades_of(pid: int) -> list[int]:
    """The pids of the programs by which a server upgrades its database just now."""
    return [child for child in children_of(pid) if b"\0db\0upgrade\0" in command_of(child)]


def is_alive(pid: int) -> bool:
    return _state(pid) not in ("", "Z", "X")


def is_paused(pid: int) -> bool:
    return _state(pid) == "T"


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process does nothing at all within the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: is_paused(pid))
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def until(happened: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    """Wait for something that another process does, and fail if it does not."""
    end = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def children_of(pid: int) -> list[int]:
    """The processes that its threads have started; none of one that has ended."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []
    return [int(child) for thread in threads for child in _read(thread / "children").split()]


def command_of(pid: int) -> bytes:
    """The words it was started with, each with a zero behind it; empty when it has ended."""
    return _read(Path(f"/proc/{pid}/cmdline"))


def _read(path: Path) -> bytes:
    """Nothing of a process or a thread that ends while it is looked at."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _state(pid: int) -> str:
    """As `ps` writes it; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
