"""Which process serves from a data directory: a small file, locked for as long as that process lives."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NAME = "server.pid"
# Seconds that a server gives those who look just now, and between two tries. They need some microseconds.
_LOOKED_AT_S = 10.0
_TRY_AGAIN_S = 0.001


@contextmanager
def noted(data_dir: Path) -> Iterator[None]:
    """Say that it is this process. Where nothing can be written, or another server does so, it is not said."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data_dir / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    try:
        if _taken(descriptor):
            os.ftruncate(descriptor, 0)
            with suppress(OSError):  # a full disk
                os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def server_pid(data_dir: Path) -> int | None:
    """The process that serves from the directory, if one does."""
    try:
        descriptor = os.open(data_dir / _NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not _is_held(descriptor):
            return None
        told = os.pread(descriptor, 32, 0)
        return int(told) if told.isdigit() else None
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    """Whether the file is this process's from now on. Those who look have it too, each for a moment."""
    end = time.monotonic() + _LOOKED_AT_S
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if _is_held(descriptor) or time.monotonic() > end:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        time.sleep(_TRY_AGAIN_S)


def _is_held(descriptor: int) -> bool:
    """Whether a server has the file. Who asks does not keep others from asking."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
