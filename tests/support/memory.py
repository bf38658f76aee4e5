"""A directory in memory for what need not outlive the tests: making a database there takes a fifth of the time."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import getpid
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 -- the directory made there is nobody else's
PREFIX = "roadlens-tests-"

# Bytes. The tests' server needs some hundred megabytes; a container has 64 of them unless it is told otherwise.
ROOM = 4 * 1024**3


@contextmanager
def directory_in_memory(otherwise: Path) -> Iterator[Path]:
    """A new, empty directory; it is `otherwise` where memory is short, or no place for files."""
    _clear()
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield otherwise
        return
    made = tempfile.mkdtemp(prefix=f"{PREFIX}{getpid()}-", dir=MEMORY)
    try:
        yield Path(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _clear() -> None:
    """Remove what runs left behind that were killed."""
    for left in MEMORY.glob(f"{PREFIX}*"):
        with suppress(ValueError):
            pid = int(left.name.removeprefix(PREFIX).split("-")[0])
            if not Path(f"/proc/{pid}").exists():
                shutil.rmtree(left, ignore_errors=True)
