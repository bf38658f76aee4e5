"""How long workers had something to do and no processor. That is the machine's doing: writes take longer then.

The kernel counts it for each process (`/proc/PID/schedstat`, its second number, in nanoseconds); where it does not,
nothing is seen, and nothing excused.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from lab.history import Waited
from lab.server import Server

_EVERY_S: Final = 0.25
# Seconds of an interval below which it is the ordinary turn-taking of processes.
_TELLING_S: Final = 0.05


@contextmanager
def watched(servers: Sequence[Server]) -> Iterator[list[Waited]]:
    """In the block, what their workers wait for goes into the list."""
    over, found = threading.Event(), list[Waited]()
    thread = threading.Thread(target=_watch, args=(servers, found, over), name="processors")
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def waited_s(pid: int) -> float | None:
    """Seconds since it was started that its first thread, which has the event loop, could have run and did not."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    return None


def _watch(servers: Sequence[Server], found: list[Waited], over: threading.Event) -> None:
    before, began = _sample(servers), time.monotonic()
    while not over.wait(_EVERY_S):
        now, ended = _sample(servers), time.monotonic()
        for (server, pid), seconds in now.items():
            more = seconds - before.get((server, pid), seconds)
            if more > _TELLING_S:
                found.append(Waited(server, pid, began, ended, more))
        before, began = now, ended


def _sample(servers: Sequence[Server]) -> dict[tuple[str, int], float]:
    workers = ((server.name, pid) for server in servers for pid in server.workers)
    return {worker: seconds for worker in workers if (seconds := waited_s(worker[1])) is not None}
