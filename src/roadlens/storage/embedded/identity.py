"""Under which user id PostgreSQL runs, for it refuses to run as root. Knows how to become somebody, and no database."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from roadlens.storage.embedded import launch
from roadlens.storage.embedded.binaries import Binaries
from roadlens.storage.embedded.errors import PostgresMissing

NOBODY = 65534  # the number that Linux itself gives to those it does not know


@dataclass(frozen=True, slots=True)
class Identity:
    """How the launcher becomes the database's user, and who owns the files it makes, as seen from here."""

    word: str
    uid: int
    gid: int

    def command(self, program: Path, *arguments: str) -> list[str]:
        """The command line that runs `program` as this identity and ends it with the thread that starts it."""
        return [
            *(sys.executable, "-I", "-S", launch.__file__),
            *(self.word, str(os.getpid()), str(program), *arguments),
        ]


def choose_identity(binaries: Binaries) -> Identity:
    """The first identity under which PostgreSQL's programs run here.

    Raises:
        PostgresMissing: this is root, and the machine allows it neither a user namespace nor another account.
    """
    if os.geteuid() != 0 and _has_account(os.geteuid()):
        return as_caller()
    refusals = []
    for identity in _candidates():
        probe = subprocess.run(
            identity.command(binaries.postgres, "--version"),
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if probe.returncode == 0:
            return identity
        refusals.append(probe.stderr.strip().rpartition("\n")[2])
    raise PostgresMissing(
        f"PostgreSQL does not run as root, and this machine lets it become nobody else ({'; '.join(refusals)}). "
        "Run Roadlens as an ordinary user, or set DATABASE_URL to a running server."
    )


def as_caller() -> Identity:
    return Identity("self", os.geteuid(), os.getegid())


def in_namespace() -> Identity:
    """Another number inside, the caller outside; initdb needs a number that has an account."""
    return Identity(f"namespace:{_nobody()[0]}", os.geteuid(), os.getegid())


def as_nobody() -> Identity:
    uid, gid = _nobody()
    return Identity(f"account:{uid}:{gid}", uid, gid)


def _candidates() -> Iterator[Identity]:
    if sys.platform == "linux":
        yield in_namespace()
    yield as_nobody() if os.geteuid() == 0 else as_caller()


def _nobody() -> tuple[int, int]:
    """User and group id of the account with the fewest rights."""
    try:
        account = pwd.getpwnam("nobody")
    except KeyError:
        return NOBODY, NOBODY
    return account.pw_uid, account.pw_gid


def _has_account(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
