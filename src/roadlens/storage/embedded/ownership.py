"""Who owns the database in a data directory, and who else uses it: two file locks that the kernel drops with a process.

`postgres.lock` is held by the owner, who starts and stops the server and notes in it who it is and where the server
listens. `postgres.users` is shared by the commands that joined; an owning command waits for it before stopping.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

State = Literal["starting", "ready", "stopping"]


@dataclass(frozen=True, slots=True)
class Owner:
    """What an owner says of itself. `url` is where the server listens, once `state` is "ready"."""

    pid: int
    purpose: str
    exclusive: bool
    state: State = "starting"
    url: str = ""

    @property
    def is_alive(self) -> bool:
        """False for a note whose writer was killed: the next owner has the lock and has not written its own yet."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


class FileLock:
    """An advisory lock on a small file. Open from construction to `close`, which also releases it."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def try_exclusive(self) -> bool:
        return self._try(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        return self._try(fcntl.LOCK_SH)

    def release(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        self.release()  # a forked process has the same lock, and closing alone would leave it there
        os.close(self._descriptor)

    def write_owner(self, owner: Owner) -> None:
        """Say who holds the lock; the caller does, exclusively."""
        note = json.dumps(asdict(owner)).encode()
        os.pwrite(self._descriptor, note, 0)
        os.ftruncate(self._descriptor, len(note))

    def read_owner(self) -> Owner | None:
        """The latest note; None if there is none, or one is just being written."""
        try:
            return Owner(**json.loads(os.pread(self._descriptor, 65_536, 0)))
        except (ValueError, TypeError):
            return None

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
