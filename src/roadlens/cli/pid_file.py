"""Which process serves from a data directory: a small file, locked for as long as that process lives."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NAME = "server.pid"


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
        if _is_free(descriptor):
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
        told = os.pread(descriptor, 32, 0)
        return int(told) if told.isdigit() and not _is_free(descriptor) else None
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
