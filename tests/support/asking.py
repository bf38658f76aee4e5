"""Loads that end when the test says so, and a worker's cache to ask for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from roadlens.cache.engine import Cache
from roadlens.cache.entry import Entry
from roadlens.cache.keys import Key
from roadlens.cache.memory import Memory
from roadlens.cache.observer import Observer
from roadlens.cache.policy import Policy
from roadlens.cache.store import SharedStore
from roadlens.cache.unshared import Unshared
from tests.support.counting import Counting
from tests.support.known_versions import KnownVersions

MIB = 1024 * 1024
PATIENCE_S = 10.0


class Worker:
    """One worker's cache with what it stands on."""

    def __init__(self, shared: SharedStore | None = None, memory: int = MIB) -> None:
        self.versions = KnownVersions()
        self.counting = Counting()
        observer: Observer = self.counting
        # Patient, for a busy machine must not look like a store that is away.
        self.cache = Cache(self.versions, Memory(memory, observer), shared or Unshared(), observer, PATIENCE_S)


class Load:
    """A load in three steps: it begins, it reads a value, it answers. The test holds it at the last two.

    Attributes:
        read: what it reads.
        age: seconds ago that it says to have begun.
        passed: seconds by which the test lets time go on; those that pass while it loads make what it gives older.
        begun: how many times it was.
    """

    def __init__(self, read: Callable[[], str], *, held: bool = False, age: float = 0.0) -> None:
        self.read = read
        self.age = age
        self.passed = 0.0
        self.begun = 0
        self.status = 200
        self.headers: Sequence[tuple[bytes, bytes]] = ()
        self.at_work = asyncio.Event()
        self.has_read = asyncio.Event()
        self.may_read = asyncio.Event()
        self.may_answer = asyncio.Event()
        if not held:
            self.let_go()

    def let_go(self) -> None:
        self.may_read.set()
        self.may_answer.set()

    async def __call__(self) -> Entry:
        self.begun += 1
        began_at, passed = time.time() - self.age, self.passed
        self.at_work.set()
        await self.may_read.wait()
        read = self.read()
        self.has_read.set()
        await self.may_answer.wait()
        return Entry.of_answer("/a", self.status, tuple(self.headers), read.encode(), began_at - (self.passed - passed))


def key(ttl: float = 60, prefix: str = "stats", tags: Sequence[str] = ("drivers",), url: str = "/a") -> Key:
    return Key(Policy(ttl, prefix, tags), "get_stats", url, {})


async def begun(task: asyncio.Task[object], *events: asyncio.Event) -> None:
    """Wait until one of the events has come, or the task has ended."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    async with asyncio.timeout(30):
        await asyncio.wait([task, *waiting], return_when=asyncio.FIRST_COMPLETED)
    for waiter in waiting:
        waiter.cancel()
    await asyncio.wait(waiting)


async def all_waiting() -> None:
    """Let what was started run until it waits for the test."""
    for _ in range(20):
        await asyncio.sleep(0)
