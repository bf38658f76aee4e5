"""Gives a server or a command its database: the one named by DATABASE_URL, else the embedded one, started or joined.

    server              owns the embedded database alone; a second owner is an error
    command, first      owns it, and waits before stopping it until those that joined have left
    command, later      joins the running one, whoever owns it

Two commands that start at once: one gets the owner's lock, the other waits until the note in it says "ready", or until
the lock is free because the first failed or has finished, and then is the owner itself.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from roadlens.storage.embedded.data_directory import DataDirectory, explained, prepare_data_directory
from roadlens.storage.embedded.errors import DataDirectoryInUse
from roadlens.storage.embedded.ownership import FileLock, Owner
from roadlens.storage.embedded.server import PREDECESSOR_TIMEOUT_S, START_TIMEOUT_S, EmbeddedPostgres

LOOK_EVERY_S = 0.05
# `running_url` holds the lock for microseconds, to see whether it is free; an owner that stops, until it has stopped.
PASSING_HOLDER_S = 0.5
STOPPING_HOLDER_S = 60.0
JOIN_TIMEOUT_S = START_TIMEOUT_S + PREDECESSOR_TIMEOUT_S

logger = logging.getLogger(__name__)


@contextmanager
def open_database(
    data_dir: Path, purpose: str, *, exclusive: bool = False, database_url: str | None = None
) -> Iterator[str]:
    """Yield the address of a database that runs until the block ends.

    Args:
        data_dir: where the embedded database lies; not touched if there is a `database_url`.
        purpose: the command's name ("serve", "import"), for the messages of those who find the database in use.
        exclusive: own the database or fail; for the server.
        database_url: a database that somebody else runs; taken as it is.

    Raises:
        SetupError: one of `storage.embedded.errors`.
    """
    if database_url:
        yield database_url
        return
    data = prepare_data_directory(data_dir)
    with explained(data.path):
        owner_lock, users_lock = FileLock(data.owner_lock), FileLock(data.users_lock)
    with closing(owner_lock), closing(users_lock):
        me = Owner(os.getpid(), purpose, exclusive)
        if exclusive:
            _take(data, owner_lock)
        else:
            url = _take_or_join(data, owner_lock, users_lock)
            if url is not None:
                yield url
                return
        with _owned_server(data, me, owner_lock, users_lock) as url:
            yield url


def running_url(data_dir: Path) -> str | None:
    """The address of the embedded database if it runs now and accepts connections."""
    lock_file = DataDirectory(data_dir.expanduser().resolve()).owner_lock
    if not lock_file.exists():
        return None
    with explained(data_dir):
        lock = FileLock(lock_file)
    with closing(lock):
        return _ready_url(lock)


def _ready_url(owner_lock: FileLock) -> str | None:
    """Where the present owner's server listens; None while it starts or stops, and if there is no owner."""
    if owner_lock.try_shared():
        owner_lock.release()
        return None
    owner = owner_lock.read_owner()
    return owner.url if owner is not None and owner.state == "ready" and owner.is_alive else None


def _take(data: DataDirectory, owner_lock: FileLock) -> None:
    """Become the owner, or say who is. Waits only for an owner that is stopping."""
    began = time.monotonic()
    while not owner_lock.try_exclusive():
        owner = owner_lock.read_owner()
        stopping = owner is not None and owner.state == "stopping" and owner.is_alive
        if time.monotonic() - began > (STOPPING_HOLDER_S if stopping else PASSING_HOLDER_S):
            raise _in_use(data, owner)
        time.sleep(LOOK_EVERY_S)


def _take_or_join(data: DataDirectory, owner_lock: FileLock, users_lock: FileLock) -> str | None:
    """Become the owner and return None, or join the running server and return its address.

    The users' lock is taken before the note is read, and an owning command takes that lock before it stops: so a
    server found "ready" here stays until this process has left.
    """
    began = time.monotonic()
    while not owner_lock.try_exclusive():
        if users_lock.try_shared():
            url = _ready_url(owner_lock)
            if url is not None:
                return url
            users_lock.release()
        if time.monotonic() - began > JOIN_TIMEOUT_S:
            raise _in_use(data, owner_lock.read_owner())
        time.sleep(LOOK_EVERY_S)
    return None


@contextmanager
def _owned_server(data: DataDirectory, me: Owner, owner_lock: FileLock, users_lock: FileLock) -> Iterator[str]:
    with ExitStack() as at_end:
        with explained(data.path):
            owner_lock.write_owner(me)
        server = EmbeddedPostgres(data.path)
        at_end.callback(server.stop)
        url = server.start()
        with explained(data.path):
            owner_lock.write_owner(replace(me, state="ready", url=url))
        try:
            yield url
        finally:
            if not me.exclusive:
                _await_users(users_lock)
            with suppress(OSError):  # a full disk must not keep the server from stopping
                owner_lock.write_owner(replace(me, state="stopping"))


def _await_users(users_lock: FileLock) -> None:
    if users_lock.try_exclusive():
        return
    logger.info("Waiting for other commands that use this database to finish")
    while not users_lock.try_exclusive():
        time.sleep(LOOK_EVERY_S)


def _in_use(data: DataDirectory, owner: Owner | None) -> DataDirectoryInUse:
    if owner is not None and not owner.exclusive:
        return DataDirectoryInUse(
            f'The command "roadlens {owner.purpose}" (pid {owner.pid}) has the data directory {data.path} open: wait '
            "for it to finish, or choose another directory with ROADLENS_DATA_DIR."
        )
    pid = f"pid {owner.pid}" if owner is not None else "pid unknown"
    return DataDirectoryInUse(
        f"Another Roadlens server ({pid}) has the data directory {data.path} open: stop it, or choose another "
        "directory with ROADLENS_DATA_DIR."
    )
