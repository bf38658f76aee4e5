"""The cluster on disk: made whole or not at all, of a known version, never changed by hand once it is there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from roadlens.storage.embedded.binaries import Binaries
from roadlens.storage.embedded.data_directory import ROLE, DataDirectory, explained
from roadlens.storage.embedded.errors import DataDirectoryVersion
from roadlens.storage.embedded.failures import explain_failure
from roadlens.storage.embedded.identity import Identity
from roadlens.storage.embedded.processes import end_orphans

BUILTIN_LOCALE_MAJOR = 17  # the first with a locale provider that needs nothing of the operating system
# The character types decide what pg_trgm takes for a letter, so plain C would not index names outside ASCII. Where the
# C library does not know C.UTF-8 there is no better one that every machine has.
LOCALES = ("C.UTF-8", "C")
CLEAR_TIMEOUT_S = 10.0


def environment(locale: str) -> dict[str, str]:
    """Ours without what would steer PostgreSQL's programs from outside, and with messages in English."""
    steering = ("PG", "LC_", "LANG")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    return kept | {"LC_ALL": locale, "TZ": "UTC"}


def check_version(cluster: Path, binaries: Binaries) -> None:
    """
    Raises:
        DataDirectoryVersion: another major version made the cluster; they cannot read each other's files.
    """
    made_by = (cluster / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise DataDirectoryVersion(
            f"The database in {cluster} was made by PostgreSQL {made_by}, and this is PostgreSQL {binaries.version}, "
            f"which cannot read it: dump it with PostgreSQL {made_by} (pg_dump) and restore the dump into a new data "
            "directory, or choose another directory with ROADLENS_DATA_DIR."
        )


def make_cluster(data: DataDirectory, binaries: Binaries, identity: Identity) -> None:
    """Initialise beside the final place and rename, so that whoever dies half-way leaves no half-made cluster.

    Raises:
        DiskFull, DataDirectoryUnusable, PostgresStartFailed: what initdb complained of.
    """
    with explained(data.path):
        clear_unfinished(data)
        data.unfinished_cluster.mkdir(mode=0o700)
        os.chown(data.unfinished_cluster, identity.uid, identity.gid)
    try:
        printed = _run_initdb(data, binaries, identity)
        if printed is not None:
            raise explain_failure("initdb", printed, data)
    except BaseException:
        clear_unfinished(data)
        raise
    with explained(data.path):
        data.unfinished_cluster.rename(data.cluster)
        _sync_directory(data.path)


def clear_unfinished(data: DataDirectory) -> None:
    """Remove what an interrupted initialisation left, whose processes may be ending only now."""
    deadline = time.monotonic() + CLEAR_TIMEOUT_S
    while data.unfinished_cluster.exists():
        end_orphans(data.unfinished_cluster, signal.SIGKILL)
        with suppress(OSError):
            shutil.rmtree(data.unfinished_cluster)
            return
        if time.monotonic() > deadline:
            shutil.rmtree(data.unfinished_cluster)
        time.sleep(0.05)


def _run_initdb(data: DataDirectory, binaries: Binaries, identity: Identity) -> str | None:
    """None if it succeeded, else what it printed."""
    arguments = ["-D", str(data.unfinished_cluster), "-U", ROLE, "-A", "trust", "-E", "UTF8"]
    if binaries.major >= BUILTIN_LOCALE_MAJOR:
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    printed = ""
    for locale in LOCALES:
        result = subprocess.run(
            identity.command(binaries.initdb, *arguments),
            check=False,
            env=environment(locale),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # an interrupt from the terminal is ours to handle
        )
        if result.returncode == 0:
            return None
        printed = result.stderr
        if "locale" not in printed:
            break
    return printed


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
