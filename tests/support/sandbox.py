"""Programs as a container runs them: a user without rights, on a file system that can only be read but for some places.

Debian's bubblewrap makes that for root and for others alike; no container engine is needed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Every Debian knows it, which PostgreSQL asks for.
NOBODY = 65534
PATIENCE_S = 120.0


def sandboxed(command: Sequence[str | Path], writable: Sequence[Path], user: int = NOBODY) -> list[str]:
    """The command line that runs `command` so; nothing beside `writable` can be written."""
    rights = ["--unshare-user", "--uid", str(user), "--gid", str(user), "--cap-drop", "ALL"]
    places = [word for place in writable for word in ("--bind", str(place), str(place))]
    root = ["--ro-bind", "/", "/", "--dev", "/dev", *places]
    return ["bwrap", *rights, *root, "--die-with-parent", "--", *map(str, command)]


@dataclass
class Sandboxed:
    """A program that runs so, until it is stopped.

    Attributes:
        log: what it says, on both of its streams.
    """

    command: Sequence[str | Path]
    writable: Sequence[Path]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: int = NOBODY
    pid: int = 0
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        read, write = os.pipe()
        command = sandboxed(self.command, self.writable, self.user)
        command[1:1] = ["--info-fd", str(write)]
        with self.log.open("ab") as log:
            environment = {"PATH": os.environ["PATH"]} | dict(self.environment)
            self._process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[write]
            )
        os.close(write)
        with os.fdopen(read) as told:
            self.pid = json.load(told)["child-pid"]

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and return its status; 0 if it had never begun."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            os.kill(self.pid, number)
        try:
            return self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()  # and with it, what runs in it
            self._process.wait()
            raise
