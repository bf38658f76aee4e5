"""A worker as a process of its own, which can be paused and killed; what it knows is asked over its standard streams.

Run as a module it is that process. It answers each line, a list of tags, with what its feed says at that moment.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import roadlens
from roadlens.storage.change_feed.feed import ChangeFeed
from tests.support.workers import until

PATIENCE_S = 120.0


@dataclass
class FeedProcess:
    """The running process."""

    process: subprocess.Popen[str]

    def ask(self, *tags: str) -> tuple[bool, tuple[str, ...]]:
        """Whether it trusts its versions, and the versions of these tags."""
        self.send(*tags)
        return self.answer()

    def knows(self, tag: str, held: tuple[str, ...]) -> None:
        """It trusts nothing but this version; on a busy machine it may be a while until it trusts that."""

        def said() -> bool:
            trusted, versions = self.ask(tag)
            assert not trusted or versions == held
            return trusted

        until(said)

    def send(self, *tags: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(tags) + "\n")
        self.process.stdin.flush()

    def answer(self) -> tuple[bool, tuple[str, ...]]:
        assert self.process.stdout is not None
        trusted, versions = json.loads(self.process.stdout.readline())
        return trusted, tuple(versions)

    def pause(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def wake(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)


@contextmanager
def feed_process(url: str) -> Iterator[FeedProcess]:
    """It has attached when the block begins."""
    places = (Path(roadlens.__file__).parents[1], Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places))},
    )
    with process:
        try:
            opened = FeedProcess(process)
            until(lambda: opened.ask()[0])
            yield opened
        finally:
            process.kill()


async def main(url: str) -> None:
    feed = ChangeFeed(url)
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()
    # Read by the loop itself: on waking up from a pause the question is answered before the feed has run.
    loop.add_reader(sys.stdin.fileno(), lambda: lines.put_nowait(os.read(sys.stdin.fileno(), 65536).decode()))
    async with feed.running():
        while line := await lines.get():
            for tags in line.splitlines():
                sys.stdout.write(json.dumps([feed.trusted(), feed.of(tags.split())]) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
