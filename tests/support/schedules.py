"""Readers, writers, telemetry and time as steps of which any may come next, against a model of what may be answered.

A read in the middle of its load, a change that one worker has heard of and another has not, a load of another worker
that is waited for: each is a state in which any other step may come.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from roadlens.cache.store import SharedStore
from tests.support.answers import Model, Read
from tests.support.asking import Load, Worker, all_waiting, begun, key

TTL = 100.0
WORKERS = 2
PATIENCE_S = 120.0

workers = st.integers(0, WORKERS - 1)
picks = st.integers(0, 1000)


class Reads(RuleBasedStateMachine):
    """The machine over workers that share nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.model = Model(TTL)
        self.loads: list[Load] = []
        self.reads: list[Read] = []
        self.waiting_writes: list[tuple[int, set[int]]] = []

    @initialize()
    def start(self) -> None:
        self.workers = [Worker(self.runner.run(self.store())) for _ in range(WORKERS)]

    async def store(self) -> SharedStore | None:
        """What a worker shares, on a connection of its own."""
        return None

    @rule(worker=workers, held=st.booleans())
    def begin_read(self, worker: int, held: bool) -> None:
        async def begin() -> None:
            model = self.model
            load = Load(lambda: f"{model.edits} {model.telemetry}", held=held)
            asking = asyncio.create_task(self.workers[worker].cache.get_or_load(key(TTL), load))
            self.reads.append(Read(worker, asking, model.acknowledged, model.oldest_telemetry()))
            self.loads.append(load)
            # Behind another's load it neither ends nor begins: then the next step is as good now as later.
            if not any(other.at_work.is_set() and not other.may_answer.is_set() for other in self.loads):
                await begun(asking, load.at_work)
            await all_waiting()

        self.runner.run(begin())

    @rule(worker=workers)
    def read(self, worker: int) -> None:
        """From its beginning to its end; most mistakes are seen here."""
        self.begin_read(worker, held=False)
        self.runner.run(self.finished(self.reads.pop()))

    @rule(pick=picks)
    def let_a_load_read(self, pick: int) -> None:
        """If one is at work. Where there is a store that is a matter of time, on which no schedule may depend."""
        at_work = [load for load in self.loads if load.at_work.is_set()]
        if at_work:
            at_work[pick % len(at_work)].may_read.set()
            self.runner.run(all_waiting())

    @precondition(lambda self: self.reads)
    @rule(pick=picks)
    def finish_a_read(self, pick: int) -> None:
        self.runner.run(self.finished(self.reads.pop(pick % len(self.reads))))

    @precondition(lambda self: self.reads)
    @rule(pick=picks)
    def a_client_leaves(self, pick: int) -> None:
        async def leave() -> None:
            read = self.reads.pop(pick % len(self.reads))
            read.task.cancel()
            await asyncio.wait([read.task])

        self.runner.run(leave())

    @rule()
    def commit_an_edit(self) -> None:
        """As the database does it: with the commit, and workers that trust themselves are yet to hear of it."""
        self.model.edits += 1
        hearing = {number for number, worker in enumerate(self.workers) if worker.versions.trusted()}
        self.waiting_writes.append((self.model.edits, hearing))
        self.acknowledge()

    @rule()
    def edit(self) -> None:
        """From its beginning until it is acknowledged, with whatever is being read meanwhile."""
        self.commit_an_edit()
        for worker in range(WORKERS):
            self.a_worker_hears(worker)

    @rule(worker=workers)
    def a_worker_hears(self, worker: int) -> None:
        if self.workers[worker].versions.trusted():
            self.workers[worker].versions.apply("drivers", f"{self.model.edits}-5eed")
            self.heard(worker)

    @rule(worker=workers)
    def a_worker_is_cut_off(self, worker: int) -> None:
        """Its lease is waited out by writers, and then it is no longer waited for."""
        self.workers[worker].versions.distrust()
        self.heard(worker)

    @rule(worker=workers)
    def a_worker_attaches_again(self, worker: int) -> None:
        versions = self.workers[worker].versions
        versions.known = {"drivers": f"{self.model.edits}-5eed"} if self.model.edits else {}
        versions.trust()
        self.heard(worker)

    @rule(worker=workers)
    def a_worker_is_started_again(self, worker: int) -> None:
        """With its memory and its connections it loses whoever it was about to answer."""

        async def start_again() -> None:
            asked = [read.task for read in self.reads if read.worker == worker]
            for task in asked:
                task.cancel()
            await self.workers[worker].cache.close()
            await asyncio.gather(*asked, return_exceptions=True)
            self.workers[worker] = Worker(await self.store())

        self.runner.run(start_again())
        self.reads = [read for read in self.reads if read.worker != worker]
        self.a_worker_attaches_again(worker)

    @rule()
    def telemetry_comes(self) -> None:
        self.model.telemetry += 1
        self.model.seen.append(self.model.passed)

    @rule(seconds=st.sampled_from([1.0, 50.0, 89.0, 99.0, 101.0]))
    def time_passes(self, seconds: float) -> None:
        """Nobody waits: whatever is kept becomes older by so much, and so does what is being loaded."""
        self.model.passed += seconds
        for load in self.loads:
            load.passed += seconds
        for worker in self.workers:
            for entry, _, _ in worker.cache.memory._entries.values():
                entry.no_younger_than(entry.began_at - seconds)
        self.age_what_is_shared(seconds)

    def age_what_is_shared(self, seconds: float) -> None: ...

    @invariant()
    def memory_is_bounded(self) -> None:
        for worker in getattr(self, "workers", []):
            memory = worker.cache.memory
            assert 0 <= memory.used <= memory.limit

    def teardown(self) -> None:
        async def end() -> None:
            try:
                for read in self.reads:
                    await self.finished(read)
            finally:
                for worker in getattr(self, "workers", []):
                    await worker.cache.close()
                await asyncio.gather(*(read.task for read in self.reads), return_exceptions=True)
                await self.stack.aclose()

        self.runner.run(end())
        self.runner.close()

    async def finished(self, read: Read) -> None:
        """Let loads end, the oldest first, until the read has ended; and look at what it answers."""
        async with asyncio.timeout(PATIENCE_S):
            for load in self.loads:
                if read.task.done():
                    break
                load.let_go()
                await all_waiting()
            found = await read.task
        self.loads = [load for load in self.loads if not load.may_answer.is_set()]
        edits, telemetry = map(int, found.entry.body.split())
        assert read.edits <= edits <= self.model.edits, "an edit was undone"
        assert read.telemetry <= telemetry <= self.model.telemetry, "older than answers are kept"

    def heard(self, worker: int) -> None:
        for _, hearing in self.waiting_writes:
            hearing.discard(worker)
        self.acknowledge()

    def acknowledge(self) -> None:
        done = [number for number, hearing in self.waiting_writes if not hearing]
        self.model.acknowledged = max([self.model.acknowledged, *done])
        self.waiting_writes = [(number, hearing) for number, hearing in self.waiting_writes if hearing]
