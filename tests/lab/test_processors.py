"""Who waits for a processor is seen to wait, and nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lab.processors import waited_s, watched
from lab.server import Server
from tests.support.installation import Installation
from tests.support.workers import until


@contextmanager
def running(code: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def place(name: str, process: subprocess.Popen[bytes]) -> Server:
    """What is watched is a process; here it is no server."""
    return Server(name, 0, Installation(Path(), {"ROADLENS_WORKERS": "1"}), process)


def test_of_two_with_one_processor_each_waits_for_the_other() -> None:
    one = min(os.sched_getaffinity(0))
    with ExitStack() as stack:
        busy = [stack.enter_context(running("while True: pass")) for _ in range(2)]
        idle = stack.enter_context(running("import time; time.sleep(3600)"))
        for process in busy:
            os.sched_setaffinity(process.pid, {one})
        with watched([place("busy", busy[0]), place("idle", idle)]) as waits:
            until(lambda: len([wait for wait in waits if wait.server == "busy"]) > 1)
    for wait in waits:
        assert wait.seconds > 0
        assert wait.began < wait.ended
    assert {(wait.server, wait.worker) for wait in waits if wait.server == "busy"} == {("busy", busy[0].pid)}


class Ending(dict[str, str]):
    """Settings of a server that another thread ends when they are asked for."""

    server: Server | None = None

    def __getitem__(self, name: str) -> str:
        if self.server is not None:
            self.server.process = None
        return super().__getitem__(name)


def test_one_that_is_ended_while_its_workers_are_looked_for_has_those_of_before() -> None:
    with running("import time; time.sleep(3600)") as process:
        ended = place("ended", process)
        ended.installation.settings = settings = Ending(ended.installation.settings)
        settings.server = ended
        assert ended.workers == [process.pid]
    assert ended.workers == []


def test_one_that_has_gone_waits_for_nothing() -> None:
    assert waited_s(2**22 + 1) is None
    with watched([Server("gone", 0, Installation(Path(), {"ROADLENS_WORKERS": "1"}))]) as waits:
        pass
    assert waits == []
