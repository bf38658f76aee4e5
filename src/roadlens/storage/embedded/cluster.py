"""The cluster on disk: made whole or not at all, of a known version, never changed by hand once it is there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
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


# What finding programs and libraries, and memory, may need. Nothing else: our environment holds secrets, which
# whoever may read files in the database would find in /proc, and what would steer PostgreSQL's programs from outside.
_HANDED_ON = ("PATH", "HOME", "TMPDIR")
_HANDED_ON_ALL = ("LD_", "DYLD_", "MALLOC_", "GLIBC_")


def environment(locale: str) -> dict[str, str]:
    """As much of ours as PostgreSQL's programs need, and messages in English."""
    kept = {name: value for name, value in os.environ.items() if name in _HANDED_ON or name.startswith(_HANDED_ON_ALL)}
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

    Each try has a place of its own: the processes of an interrupted one may write to theirs for a moment longer.

    Raises:
        DiskFull, DataDirectoryUnusable, PostgresStartFailed: what initdb complained of.
    """
    with explained(data.path):
        unfinished = Path(tempfile.mkdtemp(prefix=data.unfinished_prefix, dir=data.path))
        os.chown(unfinished, identity.uid, identity.gid)
    try:
        printed = _run_initdb(unfinished, binaries, identity)
        if printed is not None:
            raise explain_failure("initdb", printed, data)
        with explained(data.path):
            unfinished.rename(data.cluster)
            _sync_directory(data.path)
    except BaseException:
        clear_unfinished(data)
        raise


def clear_unfinished(data: DataDirectory) -> None:
    """Remove what interrupted initialisations left; what cannot be removed now, the next start removes."""
    for remains in data.path.glob(data.unfinished_prefix + "*"):
        end_orphans(remains, signal.SIGKILL)
        shutil.rmtree(remains, ignore_errors=True)


def _run_initdb(unfinished: Path, binaries: Binaries, identity: Identity) -> str | None:
    """None if it succeeded, else what it printed."""
    arguments = ["-D", str(unfinished), "-U", ROLE, "-A", "trust", "-E", "UTF8"]
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
