"""Which PostgreSQL processes serve a cluster right now, also those whose parent was killed. Starts none.

A process id alone proves nothing: after a restart of the machine or container another program may have it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PID_FILE = "postmaster.pid"
STATUS_LINE = 7  # LOCK_FILE_LINE_PM_STATUS in miscadmin.h, counted from 0


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What postmaster.pid says; the process may be long gone."""

    pid: int
    ready: bool


def read_postmaster(cluster: Path) -> Postmaster | None:
    """None when the file is absent or still being written."""
    try:
        lines = (cluster / PID_FILE).read_text(errors="replace").splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    return Postmaster(pid, ready=len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready")


def serving_pid(cluster: Path) -> int | None:
    """The postmaster that is alive on this cluster, ready or not."""
    postmaster = read_postmaster(cluster)
    return postmaster.pid if postmaster is not None and works_on(postmaster.pid, cluster) else None


def works_on(pid: int, cluster: Path) -> bool:
    """Whether this is a living PostgreSQL process of the cluster: postmaster and backends work in its directory."""
    if sys.platform == "linux":
        process = Path("/proc", str(pid))
        try:
            directory = (process / "cwd").readlink()
            return directory == cluster.resolve() and (process / "comm").read_text().strip() == "postgres"
        except PermissionError:  # another account's, and this root may not look into it: a container without ptrace
            arguments = os.fsdecode((process / "cmdline").read_bytes()).replace("\0", " ")
        except OSError:
            return False
    else:
        ps = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        arguments = subprocess.run(ps, check=False, capture_output=True, text=True).stdout
    return re.search(rf"postgres .*-D {re.escape(str(cluster))}(\s|$)", arguments) is not None


def wait_until_unserved(cluster: Path, timeout_s: float) -> int | None:
    """Wait for a server that outlived its owner. Returns its process id if it is still there after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while (pid := serving_pid(cluster)) is not None:
        if time.monotonic() > deadline:
            return pid
        if sys.platform != "linux":  # no parent-death signal there, so nobody has told it yet
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        time.sleep(0.05)
    return None


def forget_stale_locks(cluster: Path, socket: Path) -> None:
    """Remove lock files of a server that is gone, which PostgreSQL would respect while any process has that number.

    It may be another program by now, or the dead server itself, which nobody has reaped yet. The caller owns the data
    directory and has seen that nobody serves it. Backends that outlived their postmaster are still noticed: the shared
    memory's key is made from the cluster's inode, not read from postmaster.pid alone.
    """
    for lock in (cluster / PID_FILE, socket.with_name(socket.name + ".lock")):
        try:
            pid = int(lock.read_text(errors="replace").partition("\n")[0])
        except (FileNotFoundError, ValueError):
            continue
        if not works_on(pid, cluster):
            lock.unlink(missing_ok=True)


def end_orphans(cluster: Path, number: signal.Signals = signal.SIGQUIT) -> None:
    """End backends of a postmaster that was killed: one in a long query would keep the next server from starting.

    They work in the cluster's directory. SIGQUIT makes them leave at once, without touching shared memory. The caller
    owns the data directory and has seen that no postmaster is alive on it.
    """
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if works_on(int(entry.name), cluster):
                os.kill(int(entry.name), number)
