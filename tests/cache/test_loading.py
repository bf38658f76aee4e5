"""Answers that are made of kept ones: as old as those, and never older than their own time."""

from __future__ import annotations

import time

from roadlens.cache.entry import Entry
from roadlens.cache.loading import anew, computing_anew, given, loaded
from tests.support.asking import Load, Worker, key


def composed(worker: Worker, part: Load, ttl: float = 60) -> Load:
    """A load that asks the cache for a part first; `part` is kept for that long."""

    class Composed(Load):
        async def __call__(self) -> Entry:
            found = await worker.cache.get_or_load(key(ttl, "part", url="/part"), part)
            self.read = lambda: f"of {found.entry.body.decode()}"
            return await super().__call__()

    return Composed(lambda: "")


async def test_an_answer_is_as_old_as_what_it_is_made_of() -> None:
    worker, part = Worker(), Load(lambda: "part", age=30)
    await worker.cache.get_or_load(key(prefix="part", url="/part"), part)
    found = await worker.cache.get_or_load(key(), composed(worker, part))
    assert found.entry.body == b"of part"
    assert 30 <= found.entry.age() < 1000
    assert (await worker.cache.get_or_load(key(), part)).entry.age() >= 30


async def test_of_parts_of_parts_too() -> None:
    worker, part = Worker(), Load(lambda: "part", age=30)
    await worker.cache.get_or_load(key(prefix="part", url="/part"), part)

    async def outer() -> Entry:
        inner = await worker.cache.get_or_load(key(url="/inner"), composed(worker, part))
        return Entry.of_answer("/", 200, (), inner.entry.body, inner.entry.began_at + 30)

    found = await worker.cache.get_or_load(key(), outer)
    assert found.entry.age() >= 30


async def test_a_part_that_is_kept_longer_makes_no_answer_too_old() -> None:
    worker = Worker()
    await worker.cache.get_or_load(key(300, "part", url="/part"), Load(lambda: "old", age=100))
    made = composed(worker, Load(lambda: "new"), ttl=300)
    found = await worker.cache.get_or_load(key(60), made)
    assert found.entry.body == b"of new"
    assert found.entry.age() < 20
    assert made.begun == 2
    assert (await worker.cache.get_or_load(key(60), made)).entry is found.entry


async def test_what_is_loaded_beside_does_not_age_it() -> None:
    worker, part = Worker(), Load(lambda: "part", age=30)
    await worker.cache.get_or_load(key(prefix="part", url="/part"), part)
    await worker.cache.get_or_load(key(url="/b"), composed(worker, part))
    found = await worker.cache.get_or_load(key(), Load(lambda: "x"))
    assert found.entry.age() < 20


async def test_computing_anew_takes_and_keeps_nothing() -> None:
    worker, part = Worker(), Load(lambda: "part")
    await worker.cache.get_or_load(key(prefix="part", url="/part"), part)
    with computing_anew():
        assert anew()
        await worker.cache.get_or_load(key(), composed(worker, part))
        assert await worker.cache.get_value(key(prefix="part", url="/part")) is None
    assert not anew()
    assert part.begun == 2
    assert await worker.cache.get_value(key()) is None


async def test_what_is_given_after_a_load_within_counts_for_the_one_around_it() -> None:
    now = time.time()

    async def inner() -> Entry:
        return Entry.of_value(b"", time.time())

    async def outer() -> Entry:
        await loaded(inner, 60)
        given(Entry.of_value(b"", now - 30))
        return Entry.of_value(b"", time.time())

    assert (await loaded(outer, 60)).age() >= 30
