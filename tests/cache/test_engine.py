"""The algorithm in one worker: what is answered from where, who loads, and that an edit is never undone."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from roadlens.cache.engine import How
from roadlens.cache.entry import Entry
from tests.support.asking import Load, Worker, all_waiting, key


async def body(worker: Worker, load: Load, ttl: float = 60) -> bytes:
    return (await worker.cache.get_or_load(key(ttl), load)).entry.body


async def test_a_miss_is_kept_and_then_a_hit() -> None:
    worker, load = Worker(), Load(lambda: "old")
    first = await worker.cache.get_or_load(key(), load)
    second = await worker.cache.get_or_load(key(), load)
    assert (first.how, second.how) == (How.MISS, How.MEMORY)
    assert first.entry is second.entry
    assert load.begun == worker.counting.loads == 1
    assert worker.counting.told == ["get_stats stats miss", "get_stats stats hit memory"]
    tally = worker.cache.tallies["stats"]
    assert (tally.hits, tally.misses, tally.bypasses) == (1, 1, 0)


async def test_the_classic_race_leaves_no_old_value() -> None:
    """1. A reader finds nothing and reads the old value. 2. A writer commits, and every worker has heard of it.
    3. The reader stores. 4. Whoever asks now gets the new value.
    """
    database = {"name": "old"}
    worker, slow = Worker(), Load(lambda: database["name"], held=True)

    reader = asyncio.create_task(body(worker, slow))  # 1
    slow.may_read.set()
    await slow.has_read.wait()
    database["name"] = "new"  # 2
    worker.versions.raise_("drivers")
    slow.may_answer.set()  # 3
    assert await reader == b"old"
    assert await body(worker, Load(lambda: database["name"])) == b"new"  # 4


async def test_who_asks_after_an_edit_joins_no_load_of_before() -> None:
    database = {"name": "old"}
    worker, slow = Worker(), Load(lambda: database["name"], held=True)
    early = asyncio.create_task(body(worker, slow))
    slow.may_read.set()
    await slow.has_read.wait()
    database["name"] = "new"
    worker.versions.raise_("drivers")
    assert await body(worker, Load(lambda: database["name"])) == b"new"
    slow.may_answer.set()
    assert await early == b"old"
    assert await body(worker, Load(lambda: database["name"])) == b"new"


@pytest.mark.parametrize("tag", ["drivers", "prefix:stats", "everything"])
async def test_each_tag_makes_it_stale(tag: str) -> None:
    worker, load = Worker(), Load(lambda: "x")
    await body(worker, load)
    worker.versions.raise_("vehicles")
    await body(worker, load)
    assert load.begun == 1
    worker.versions.raise_(tag)
    await body(worker, load)
    assert load.begun == 2


async def test_nothing_older_than_its_time_is_given() -> None:
    worker, load = Worker(), Load(lambda: "x", age=60)
    await body(worker, load)
    await body(worker, load)
    assert load.begun == 2


async def test_many_who_ask_at_once_cause_one_load() -> None:
    worker, load = Worker(), Load(lambda: "x", held=True)
    asking = [asyncio.create_task(worker.cache.get_or_load(key(), load)) for _ in range(200)]
    await load.at_work.wait()
    load.let_go()
    hows = [found.how for found in await asyncio.gather(*asking)]
    assert sorted(hows, key=str) == [How.COLLAPSED] * 199 + [How.MISS]
    assert load.begun == 1
    assert worker.cache.tallies["stats"].misses == 200


async def test_the_leader_leaves_and_the_others_are_answered() -> None:
    worker, load = Worker(), Load(lambda: "x", held=True)
    asking = [asyncio.create_task(body(worker, load)) for _ in range(5)]
    await load.at_work.wait()
    asking[0].cancel()
    await asyncio.wait(asking[:1])
    load.let_go()
    assert await asyncio.gather(*asking[1:]) == [b"x"] * 4
    assert load.begun == 1


async def test_a_failed_load_is_not_remembered() -> None:
    worker = Worker()

    async def fail() -> Entry:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await worker.cache.get_or_load(key(), fail)
    assert await body(worker, Load(lambda: "x")) == b"x"


@pytest.mark.parametrize("status", [404, 500])
async def test_what_is_not_kept_is_shared_with_those_who_wait(status: int) -> None:
    worker, load = Worker(), Load(lambda: "x", held=True)
    load.status = status
    asking = [asyncio.create_task(worker.cache.get_or_load(key(), load)) for _ in range(3)]
    await load.at_work.wait()
    load.let_go()
    assert {found.entry.status for found in await asyncio.gather(*asking)} == {status}
    assert load.begun == 1
    assert (await worker.cache.get_or_load(key(), load)).how is How.UNSTORED
    assert load.begun == 2
    assert set(worker.counting.told) == {"get_stats stats bypass unkept"}


@pytest.mark.parametrize("header", [(b"set-cookie", b"a=b"), (b"cache-control", b"no-store")])
async def test_what_is_one_persons_is_given_to_nobody_else(header: tuple[bytes, bytes]) -> None:
    worker, load = Worker(), Load(lambda: str(load.begun), held=True)
    load.headers = [header]
    asking = [asyncio.create_task(body(worker, load)) for _ in range(5)]
    await load.at_work.wait()
    load.let_go()
    await asyncio.gather(*asking)
    assert load.begun == 5
    await body(worker, load)
    assert load.begun == 6


async def test_who_asks_late_is_not_given_what_a_slow_load_read_too_long_ago() -> None:
    """The load began longer ago than the answer is kept, when this one joined it."""
    worker, slow = Worker(), Load(lambda: "old", held=True, age=61)
    leader = asyncio.create_task(body(worker, slow))
    await slow.at_work.wait()
    late = asyncio.create_task(body(worker, Load(lambda: "new")))
    await all_waiting()
    slow.let_go()
    assert await leader == b"old"
    assert await late == b"new"


async def test_shortly_before_its_end_one_has_it_loaded_again_and_nobody_waits() -> None:
    worker, again = Worker(), Load(lambda: "new", held=True)
    await body(worker, Load(lambda: "old", age=55))
    assert [await body(worker, again) for _ in range(5)] == [b"old"] * 5
    await again.at_work.wait()
    assert await body(worker, again) == b"old"
    again.let_go()
    await again.has_read.wait()
    await all_waiting()
    assert await body(worker, Load(lambda: "never")) == b"new"
    assert again.begun == 1


async def test_a_refresh_is_kept_under_the_versions_of_its_own_beginning() -> None:
    worker, again = Worker(), Load(lambda: "between", held=True)
    await body(worker, Load(lambda: "old", age=55))
    await body(worker, again)
    await again.at_work.wait()
    worker.versions.raise_("drivers")
    again.let_go()
    await again.has_read.wait()
    await all_waiting()
    assert await body(worker, Load(lambda: "new")) == b"new"


async def test_a_refresh_that_fails_takes_nothing_away() -> None:
    worker, failed = Worker(), asyncio.Event()
    await body(worker, Load(lambda: "old", age=55))

    async def fail() -> Entry:
        failed.set()
        raise ValueError("no")

    assert (await worker.cache.get_or_load(key(), fail)).entry.body == b"old"
    await failed.wait()
    await all_waiting()
    assert await body(worker, Load(lambda: "x", held=True)) == b"old"
    await worker.cache.close()


async def test_without_trust_nothing_is_kept_given_or_joined() -> None:
    worker, held = Worker(), Load(lambda: "held", held=True)
    await body(worker, Load(lambda: "old"))
    under_way = asyncio.create_task(worker.cache.get_or_load(key(url="/b"), held))
    await held.at_work.wait()
    worker.versions.distrust()
    load = Load(lambda: "new")
    found = await worker.cache.get_or_load(key(), load)
    assert (found.entry.body, found.how) == (b"new", How.BYPASS)
    assert (await worker.cache.get_or_load(key(url="/b"), load)).entry.body == b"new"
    assert await worker.cache.get_value(key()) is None
    assert load.begun == 2
    assert worker.counting.told[-1] == "get_stats stats bypass distrust"
    worker.versions.trust()
    assert await body(worker, load) == b"old"  # nothing has changed, as the new map says
    held.let_go()
    assert (await under_way).entry.body == b"held"


async def test_a_value_is_kept_like_an_answer() -> None:
    worker, loads = Worker(), []

    async def load() -> bytes:
        loads.append(1)
        return b"7"

    assert await worker.cache.get_value(key()) is None
    assert [await worker.cache.value(key(), load) for _ in range(2)] == [b"7", b"7"]
    assert await worker.cache.get_value(key()) == b"7"
    worker.versions.raise_("drivers")
    assert await worker.cache.get_value(key()) is None
    assert len(loads) == 1


async def test_a_value_that_is_too_old_is_not_found() -> None:
    worker = Worker()
    await worker.cache.get_or_load(key(), Load(lambda: "x", age=59))
    assert await worker.cache.get_value(key()) == b"x"
    await worker.cache.get_or_load(key(url="/b"), Load(lambda: "x", age=60))
    assert await worker.cache.get_value(key(url="/b")) is None


async def test_what_fails_behind_the_answers_is_said(caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker()

    async def fail() -> None:
        raise ValueError("no")

    worker.cache.behind(fail())
    await all_waiting()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_closing_ends_what_is_under_way() -> None:
    worker, load, ended = Worker(), Load(lambda: "x", held=True), asyncio.Event()

    async def behind() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    asking = asyncio.create_task(body(worker, load))
    worker.cache.behind(behind())
    await load.at_work.wait()
    await worker.cache.close()
    await asyncio.wait([asking])
    assert asking.cancelled()
    assert ended.is_set()


async def test_age_counts_from_the_beginning_of_the_load() -> None:
    worker, load = Worker(), Load(lambda: "x", held=True)
    before = time.time()
    asking = asyncio.create_task(worker.cache.get_or_load(key(), load))
    await load.at_work.wait()
    at_work = time.time()
    await all_waiting()
    load.let_go()
    assert before <= (await asking).entry.began_at <= at_work
