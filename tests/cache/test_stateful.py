"""Any schedule of readers, writers, telemetry, time and faults against a model of what may be answered.

A read in the middle of its load, a change that one worker has heard of and another has not, a load of another worker
that is waited for: each is a state in which any other step may come. What is never answered, whatever came before:

1. a value from before a write that was acknowledged when the read began,
2. what telemetry had already replaced longer ago than answers are kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    rule,
    run_state_machine_as_test,
)
from redis import Redis

from roadlens.cache.entry import FORMAT, Entry, Unreadable
from roadlens.cache.store import SharedStore
from tests.support.asking import all_waiting
from tests.support.proxy import Proxy, Way, proxy_to
from tests.support.schedules import TTL, Reads
from tests.support.valkey import Valkey, opened_store, running_cluster, running_valkey


class UnansweredReads(Reads):
    """The machine over workers whose store has never been there."""

    async def store(self) -> SharedStore | None:
        nobody = Valkey(Path()).config(connect_timeout=0.1)
        return await self.stack.enter_async_context(opened_store(nobody))


class SharedReads(Reads):
    """The machine over workers that share a store, of one server or of several, flushed and fed with garbage."""

    servers: Sequence[Valkey]
    numbers = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.namespace = f"{next(self.numbers)}:"

    async def store(self) -> SharedStore | None:
        return await self.connected()

    async def connected(self, **changes: object) -> SharedStore:
        config = self.servers[0].config(connect_timeout=1.0, cluster=len(self.servers) > 1, **changes)
        return await self.stack.enter_async_context(opened_store(config, self.namespace))

    def kept(self) -> Iterator[tuple[Redis, Any]]:
        """Each name that is kept, with a client of the server that keeps it."""
        for server in self.servers:
            with server.client() as client:
                for name in list(client.scan_iter(f"{self.namespace}*")):
                    yield client, name

    def age_what_is_shared(self, seconds: float) -> None:
        for client, name in self.kept():
            value, left = client.get(name), client.pttl(name) - int(1000 * seconds)
            if left <= 0 or not isinstance(value, bytes):
                client.delete(name)
                continue
            try:
                entry = Entry.from_bytes(value)
            except Unreadable:
                continue
            entry.no_younger_than(entry.began_at - seconds)
            client.set(name, entry.to_bytes(), px=left)

    @rule()
    def the_store_is_flushed(self) -> None:
        for server in self.servers:
            server.command("FLUSHALL")

    @rule(garbage=st.sampled_from([b"", b"garbage", b"rle0", b"rle%d" % FORMAT]))
    def garbage_takes_the_place_of_what_is_kept(self, garbage: bytes) -> None:
        for client, name in self.kept():
            client.set(name, garbage, px=int(1000 * TTL))


class CutOffReads(SharedReads):
    """The machine over a store that is cut off, falls silent and is brought back."""

    @initialize()
    def start(self) -> None:
        entered = self.stack.enter_async_context(proxy_to("127.0.0.1", self.servers[0].port))
        self.proxy: Proxy = self.runner.run(entered)
        super().start()

    async def store(self) -> SharedStore | None:
        return await self.connected(port=self.proxy.port)

    @rule()
    def the_store_is_cut_off(self) -> None:
        self.runner.run(self.proxy.refuse())

    @rule()
    def connections_are_reset(self) -> None:
        async def cut() -> None:
            self.proxy.cut()
            await all_waiting()

        self.runner.run(cut())

    @rule(way=st.sampled_from([Way.TO_CLIENT, Way.BOTH]))
    def what_is_sent_gets_lost(self, way: Way) -> None:
        self.proxy.swallowed = way

    @rule()
    def the_store_is_back(self) -> None:
        async def come_back() -> None:
            self.proxy.swallowed = Way.NEITHER
            await self.proxy.refuse()
            await self.proxy.accept()
            for worker in self.workers:
                await worker.cache.shared.until_usable()  # type: ignore[attr-defined]  # it is one of Redis

        self.runner.run(come_back())


QUIETLY = settings(deadline=None, stateful_step_count=50, suppress_health_check=list(HealthCheck))


def test_any_schedule_in_workers_that_share_nothing() -> None:
    run_state_machine_as_test(Reads, settings=settings(QUIETLY, max_examples=300))


def test_any_schedule_with_a_store_that_is_not_there() -> None:
    run_state_machine_as_test(UnansweredReads, settings=settings(QUIETLY, max_examples=20))


def test_any_schedule_in_workers_that_share_a_store(tmp_path: Path) -> None:
    with running_valkey(tmp_path / "valkey") as server:
        CutOffReads.servers = [server]
        run_state_machine_as_test(CutOffReads, settings=settings(QUIETLY, max_examples=30))


def test_any_schedule_in_workers_that_share_a_cluster(tmp_path: Path) -> None:
    with running_cluster(tmp_path) as nodes:
        SharedReads.servers = nodes
        run_state_machine_as_test(SharedReads, settings=settings(QUIETLY, max_examples=20))
