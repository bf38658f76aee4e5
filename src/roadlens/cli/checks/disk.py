"""Whether there is room where Roadlens writes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from roadlens.cli.checks.finding import Finding

# PostgreSQL stops at a full disk, and vacuum needs room to give any back.
_LITTLE = 0.10
_NOTHING = 0.02

_error = partial(Finding, "disk", "error")
_warning = partial(Finding, "disk", "warning")


def check(data_dir: Path, *, holds_database: bool) -> list[Finding]:
    """`holds_database`: the embedded one lies there."""
    there = next(path for path in (data_dir, *data_dir.parents) if path.exists())
    usage = shutil.disk_usage(there)
    found = list(judged(data_dir, usage.free, usage.total)) if holds_database else []
    if data_dir.exists() and not os.access(data_dir, os.W_OK | os.X_OK):
        found.append(
            _warning(
                f"{data_dir} cannot be written to",
                "A secret key or first password that is not in the environment could not be made there.",
                "Set ROADLENS_SECRET_KEY, or give the directory to the user that Roadlens runs as.",
            )
        )
    return found


def judged(path: Path, free: int, total: int) -> Iterator[Finding]:
    """Bytes of the file system that the path is on."""
    if free >= _LITTLE * total:
        return
    make = _error if free < _NOTHING * total else _warning
    yield make(
        f"{free / 1e9:.1f} GB of {total / 1e9:.1f} GB are free below {path}",
        "PostgreSQL stops when the disk is full, and nothing is stored any more.",
        "Give it more room, or drop old positions: `roadlens db retain --days 365 --dry-run` says how much that is.",
    )
