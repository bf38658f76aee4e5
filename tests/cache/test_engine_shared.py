"""The algorithm in several workers over one shared store: who loads, who takes what, and what becomes of garbage."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from roadlens.cache.engine import How
from roadlens.cache.entry import LONGEST, Entry
from roadlens.cache.redis import RedisStore
from roadlens.cache.store import Budget
from tests.support.asking import Load, Worker, all_waiting, begun, key
from tests.support.valkey import Valkey, opened_store, running_valkey, usable

AT = key().at(Worker().versions)


@pytest.fixture
async def store(valkey: Valkey) -> AsyncIterator[RedisStore]:
    async with opened_store(valkey.config(patience=5.0)) as opened:
        await usable(opened)
        yield opened


async def shared(worker: Worker) -> None:
    """Wait until what the worker does behind its answers is done."""
    async with asyncio.timeout(120):
        while worker.cache._behind:
            await asyncio.wait(worker.cache._behind)


async def test_what_one_worker_loaded_is_a_hit_of_the_other(store: RedisStore) -> None:
    first, second, load = Worker(store), Worker(store), Load(lambda: "x", age=20)
    made = (await first.cache.get_or_load(key(), load)).entry
    await shared(first)
    found = await second.cache.get_or_load(key(), load)
    assert (found.how, found.entry.body, found.entry.etag) == (How.SHARED, b"x", made.etag)
    assert 20 <= found.entry.age() < 1000
    assert second.counting.told == ["get_stats stats hit shared"]
    assert (await second.cache.get_or_load(key(), load)).how is How.MEMORY
    assert load.begun == 1


async def test_other_versions_find_nothing(store: RedisStore) -> None:
    first, second = Worker(store), Worker(store)
    await first.cache.get_or_load(key(), Load(lambda: "old"))
    await shared(first)
    second.versions.raise_("drivers")
    assert (await second.cache.get_or_load(key(), Load(lambda: "new"))).entry.body == b"new"
    await shared(second)
    first.versions.raise_("drivers")
    assert (await first.cache.get_or_load(key(), Load(lambda: "never"))).entry.body == b"new"


async def test_two_workers_load_once(store: RedisStore) -> None:
    workers, load = [Worker(store), Worker(store)], Load(lambda: "x", held=True)
    asking = [asyncio.create_task(worker.cache.get_or_load(key(), load)) for worker in workers for _ in range(100)]
    await load.at_work.wait()
    load.let_go()
    assert {found.entry.body for found in await asyncio.gather(*asking)} == {b"x"}
    assert load.begun == 1


class Between(RedisStore):
    """Does something of the test's between a look that finds nothing and the asking for the right to load."""

    async def lease(self, key: str, seconds: float, budget: Budget) -> str | None:
        between, self.between = self.between, None
        if between is not None:
            await between
        return await super().lease(key, seconds, budget)

    between: asyncio.Task[None] | None = None


async def test_who_is_given_the_right_to_load_looks_once_more(valkey: Valkey, store: RedisStore) -> None:
    """1. A finds nothing. 2. B, who had the right, stores and gives it back. 3. A is given it."""
    late = Between(valkey.config(patience=5.0), "test:", Worker().counting)
    await late.start()
    second, load = Worker(store), Load(lambda: "x")

    async def loads_meanwhile() -> None:
        await second.cache.get_or_load(key(), load)
        await shared(second)

    late.between = asyncio.create_task(loads_meanwhile())
    first = Worker(late)
    assert (await first.cache.get_or_load(key(), load)).how is How.SHARED
    assert load.begun == 1
    await shared(first)
    assert await store.lease(AT, 1, Budget(5)) is not None  # it was given back
    await late.close()


async def test_a_load_that_fails_gives_the_right_back(store: RedisStore) -> None:
    first, second = Worker(store), Worker(store)

    async def fail() -> Entry:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await first.cache.get_or_load(key(), fail)
    await shared(first)
    assert await store.lease(AT, 1, Budget(5)) is not None
    assert second.cache.tallies == {}


async def test_a_load_of_what_is_not_kept_gives_the_right_back(store: RedisStore) -> None:
    worker, load = Worker(store), Load(lambda: "x")
    load.status = 404
    await worker.cache.get_or_load(key(), load)
    await shared(worker)
    assert await store.get(AT, Budget(5)) is None
    assert await store.lease(AT, 1, Budget(5)) is not None


async def test_a_loader_that_died_is_waited_for_no_longer_than_its_lease(store: RedisStore, valkey: Valkey) -> None:
    worker, load = Worker(store), Load(lambda: "x")
    assert await store.lease(AT, 600, Budget(5))
    asking = asyncio.create_task(worker.cache.get_or_load(key(), load))
    await all_waiting()
    assert load.begun == 0
    valkey.command("FLUSHALL")  # as if its time had passed
    assert (await asking).how is How.MISS


@pytest.mark.parametrize("garbage", [b"", b"garbage", b"rle0older format", None])
async def test_garbage_is_said_once_and_computed_anew(
    store: RedisStore, garbage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker(store)
    cut = Entry.of_value(b"x" * 100, time.time()).to_bytes()[:-1]
    urls = ["/a", "/b"]
    for url in urls:
        await store.put(key(url=url).at(worker.versions), cut if garbage is None else garbage, 60, Budget(5))
    for url in urls:
        assert (await worker.cache.get_or_load(key(url=url), Load(lambda: "x"))).entry.body == b"x"
    assert [record.message.count("REDIS_DB") for record in caplog.records] == [1]
    assert "get garbage" in worker.counting.told
    await shared(worker)
    assert (await Worker(store).cache.get_or_load(key(), Load(lambda: "never"))).entry.body == b"x"


async def test_what_is_too_old_is_not_taken(store: RedisStore) -> None:
    worker = Worker(store)
    old = Entry.of_answer("/a", 200, (), b"old", time.time() - 60)
    await store.put(AT, old.to_bytes(), 60, Budget(5))
    assert (await worker.cache.get_or_load(key(), Load(lambda: "new"))).entry.body == b"new"


async def test_it_is_kept_there_no_longer_than_its_time(store: RedisStore, valkey: Valkey) -> None:
    worker = Worker(store)
    await worker.cache.get_or_load(key(), Load(lambda: "x", age=50))
    await shared(worker)
    assert 0 < valkey.command("PTTL", f"test:{AT}") <= 10_000


async def test_a_refresh_takes_only_what_is_newer(store: RedisStore) -> None:
    first, second, again = Worker(store), Worker(store), Load(lambda: "new", held=True)
    await first.cache.get_or_load(key(), Load(lambda: "old", age=55))
    await shared(first)
    assert (await first.cache.get_or_load(key(), again)).entry.body == b"old"
    await again.at_work.wait()  # not content with the old one
    again.let_go()
    await again.has_read.wait()
    await _until_new(first)
    await shared(first)
    assert (await second.cache.get_or_load(key(), Load(lambda: "never"))).entry.body == b"new"


async def _until_new(worker: Worker) -> None:
    async with asyncio.timeout(120):
        while (await worker.cache.get_value(key())) != b"new":  # noqa: ASYNC110 - the flight sets no event
            await asyncio.sleep(0)


async def test_a_value_of_another_worker_is_found_and_nothing_is_loaded(store: RedisStore) -> None:
    first, second = Worker(store), Worker(store)

    async def load() -> bytes:
        return b"7"

    assert await second.cache.get_value(key()) is None
    await first.cache.value(key(), load)
    await shared(first)
    assert await second.cache.get_value(key()) == b"7"
    assert second.cache.tallies == {}


async def test_what_would_push_all_others_out_is_not_shared(store: RedisStore) -> None:
    worker = Worker(store)
    await worker.cache.get_or_load(key(), Load(lambda: "x" * (LONGEST + 1)))
    await shared(worker)
    assert await store.get(AT, Budget(5)) is None


async def test_a_store_that_goes_away_in_the_middle_is_no_error(tmp_path: Path) -> None:
    with running_valkey(tmp_path / "valkey") as server:
        async with opened_store(server.config(patience=5.0)) as store:
            await usable(store)
            worker, load = Worker(store), Load(lambda: "x", held=True)
            asking = asyncio.create_task(worker.cache.get_or_load(key(), load))
            await begun(asking, load.at_work)
            server.stop()
            load.let_go()
            assert (await asking).entry.body == b"x"
            await shared(worker)
            worker.versions.raise_("drivers")
            assert (await worker.cache.get_or_load(key(), Load(lambda: "y"))).entry.body == b"y"
            await shared(worker)
