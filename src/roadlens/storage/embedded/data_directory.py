"""The data directory: where each file of the embedded database lies, and whether the directory may be used at all."""

from __future__ import annotations

import errno
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from roadlens.storage.embedded.configuration import PORT
from roadlens.storage.embedded.errors import DataDirectoryUnusable, DiskFull
from roadlens.storage.embedded.identity import Identity

ROLE = "roadlens"
DATABASE = "roadlens"
LONGEST_SOCKET_PATH = 107  # bytes: sockaddr_un.sun_path is 108 with its final zero, unix(7)
LIST_SEPARATORS = frozenset(',"')  # libpq and PostgreSQL read a list of directories


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The resolved path of a directory that exists and is ours, with the names in it."""

    path: Path

    @property
    def cluster(self) -> Path:
        return self.path / "postgres"

    @property
    def unfinished_prefix(self) -> str:
        """How the names of clusters begin that are being initialised, or whose initialisation was interrupted."""
        return "postgres.new."

    @property
    def log(self) -> Path:
        return self.path / "postgres.log"

    @property
    def owner_lock(self) -> Path:
        return self.path / "postgres.lock"

    @property
    def users_lock(self) -> Path:
        return self.path / "postgres.users"


def prepare_data_directory(path: Path) -> DataDirectory:
    """Make the directory if it is absent and check that it is a private, writable one.

    Raises:
        DataDirectoryUnusable: a file is in the way, it cannot be written, or others can write to it.
        DiskFull: there is no room to make it.
    """
    with explained(path):
        path = path.expanduser().resolve()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.stat()
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        if status.st_uid == os.geteuid() and not any(path.iterdir()):
            path.chmod(0o700)
        elif status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise DataDirectoryUnusable(
                f"Others may write to the data directory {path}, and so could put themselves in the database's place: "
                f"make it private (chmod 700 {path}) or choose another with ROADLENS_DATA_DIR."
            )
    return DataDirectory(path)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the operating system says about the data directory into an error that says what to do."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise DataDirectoryUnusable(
            f"{error.filename or path} is a file, and a directory is needed there: move it away or choose another "
            "directory with ROADLENS_DATA_DIR."
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(path) from error
        raise DataDirectoryUnusable(
            f"The data directory {path} cannot be used ({error.strerror}: {error.filename or path}): give "
            f"{account_name(os.geteuid())} the right to read and write it, or choose another with ROADLENS_DATA_DIR."
        ) from error


def private_append(path: Path) -> BinaryIO:
    """Open a file to append to that nobody else can read, whatever the umask and the directory's mode."""
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))


def disk_full(path: Path) -> DiskFull:
    return DiskFull(
        f"The disk of {path} is full: {free_bytes(path) // 2**20} MB are free, too little for the database. Free some "
        "space and start again, or move the data directory to a larger disk and name it with ROADLENS_DATA_DIR. What "
        "was committed is not lost."
    )


def free_bytes(path: Path) -> int:
    nearest = next(place for place in (path, *path.parents) if place.exists())
    return shutil.disk_usage(nearest).free


def account_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def give_files_to(identity: Identity, data: DataDirectory) -> None:
    """Let `identity` own the cluster. Only root's own identities change hands; anybody else's files are left alone.

    Raises:
        DataDirectoryUnusable: the files belong to somebody else.
    """
    with explained(data.path):
        for place in (data.path, data.cluster):
            if not place.exists() or place.stat().st_uid == identity.uid:
                continue
            owner = account_name(place.stat().st_uid)
            if os.geteuid() != 0 or owner not in ("root", "nobody"):
                raise DataDirectoryUnusable(
                    f"{place} belongs to {owner}, and this is {account_name(os.geteuid())}: run Roadlens as {owner}, "
                    "or choose another directory with ROADLENS_DATA_DIR."
                )
            os.chown(place, identity.uid, identity.gid)
            if place == data.cluster:
                for parent, folders, files in os.walk(place):
                    for name in (*folders, *files):
                        os.chown(Path(parent, name), identity.uid, identity.gid, follow_symlinks=False)


def socket_directory(data: DataDirectory, identity: Identity) -> Path:
    """The data directory itself, or a private one with a short name where its path would not do for a socket.

    Raises:
        DataDirectoryUnusable: somebody else has taken the private directory's name, or its path is too long as well.
    """
    if fits(data.path):
        return data.path
    name = f"roadlens-{identity.uid}-{hashlib.sha256(os.fsencode(data.path)).hexdigest()[:16]}"
    private = Path(tempfile.gettempdir(), name)
    if not fits(private):
        raise DataDirectoryUnusable(
            f"Neither the path of the data directory {data.path} nor that of the directory for temporary files is "
            "short enough for a socket: choose a shorter one with ROADLENS_DATA_DIR."
        )
    with explained(private):
        try:
            private.mkdir(mode=0o700)
            os.chown(private, identity.uid, identity.gid)
        except FileExistsError:
            status = private.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != identity.uid or status.st_mode & 0o077:
                raise DataDirectoryUnusable(
                    f"{private} is needed for the database's socket, because the path of the data directory is too "
                    "long for one, but it is not a private directory of ours: remove it."
                ) from None
    return private


def socket_in(directory: Path) -> Path:
    return directory / f".s.PGSQL.{PORT}"


def fits(directory: Path) -> bool:
    return len(os.fsencode(socket_in(directory))) <= LONGEST_SOCKET_PATH and LIST_SEPARATORS.isdisjoint(str(directory))


def database_url(socket_directory: Path) -> str:
    """The address for libpq and SQLAlchemy. It names the port, so that a PGPORT in the environment does not count."""
    return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(socket_directory))}&port={PORT}"
