"""Redis paused, killed, flushed, filled with other things and full, under a server with two workers that go on."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import pytest

from roadlens.cache.troubles import AGAIN_S
from tests.support.pair import Pair, Worker
from tests.support.valkey import Valkey
from tests.support.workers import until

# Seconds. One request waits 50 ms for Redis in all; this machine may be busy with something else.
HARDLY = 10.0
# It is looked for each second.
USED_AGAIN = 60.0

NUMBERS = itertools.count(1)
BEGAN = time.monotonic()


def edits_are_seen(pair: Pair) -> None:
    """Whatever is the matter with Redis: at the one worker and then at the other."""
    for _ in range(4):
        for writer, reader in (pair.workers, reversed(pair.workers)):
            city = str(next(NUMBERS))
            writer.edit("PATCH", "/admin/drivers/DRV-0001", {"city": city})
            for path in ("/admin/drivers/DRV-0001", "/admin/drivers/DRV-0001"):
                assert reader.json(path)["city"] == city


def kept_by_one(pair: Pair, redis: Valkey) -> str:
    """An address that only the first worker was asked for, which has put the answer into Redis."""
    path = "/admin/drivers/DRV-0002"

    def kept() -> bool:
        pair.workers[0].edit("PATCH", path, {"city": str(next(NUMBERS))})
        with redis.client() as client:
            client.flushall()
            assert "stored" in pair.workers[0].verdict(path)
            # What is put there behind the answer is there before a later command's own.
            pair.workers[0].get("/admin/cache")
            # Where Redis was late, it may be the right to load that is there, and no answer.
            return client.dbsize() == 1 and not client.keys("lease:*")

    until(kept)
    return path


def commands(pair: Pair, operation: str) -> float:
    page = pair.scrape()
    return sum(
        page.value("redis_operations_total", **labels)
        for labels in page.labels("redis_operations_total")
        if labels["operation"] == operation
    )


def waited(worker: Worker, path: str) -> float:
    """How long for an answer."""
    began = time.monotonic()
    assert worker.get(path).status_code == 200
    return time.monotonic() - began


def test_what_one_worker_has_computed_another_finds_there(pair: Pair, redis_of_pair: Valkey) -> None:
    def is_found() -> bool:
        """Not always: where this machine is so busy that Redis does not answer in time, it is computed."""
        path = kept_by_one(pair, redis_of_pair)
        mine = pair.workers[0].get(path)
        found = [pair.workers[1].get(path) for _ in range(2)]
        assert {(answer.content, answer.headers["ETag"]) for answer in found} == {(mine.content, mine.headers["ETag"])}
        details = [answer.headers["Cache-Status"].rpartition("detail=")[2] for answer in (mine, *found)]
        return details == ["memory", "shared", "memory"]

    until(is_found)


def test_a_paused_redis_holds_up_nobody(pair: Pair, redis_of_pair: Valkey) -> None:
    until(pair.redis_is_used)
    redis_of_pair.pause()
    try:
        waits = [waited(worker, "/admin/events?limit=100") for worker in pair.workers]
        # One wait is enough for it to be given up; a process that was late itself blames it only after a few.
        waits += [waited(worker, f"/admin/events?limit={number}") for number in (101, 102) for worker in pair.workers]
        asked = [commands(pair, operation) for operation in ("get", "lease", "set")]
        for number in range(103, 112):
            waits += [waited(worker, f"/admin/events?limit={number}") for worker in pair.workers]
        assert max(waits) < HARDLY
        assert asked == [commands(pair, operation) for operation in ("get", "lease", "set")], "who came later waited"
        edits_are_seen(pair)
    finally:
        redis_of_pair.resume()
    began = time.monotonic()
    until(pair.redis_is_used)
    assert time.monotonic() - began < USED_AGAIN
    edits_are_seen(pair)


def test_a_redis_that_is_killed_and_comes_back_empty(pair: Pair, redis_of_pair: Valkey) -> None:
    until(pair.redis_is_used)
    path = kept_by_one(pair, redis_of_pair)
    redis_of_pair.stop()
    try:
        for worker in pair.workers:
            assert waited(worker, path) < HARDLY
        edits_are_seen(pair)
    finally:
        redis_of_pair.start()
    began = time.monotonic()
    until(pair.redis_is_used)
    assert time.monotonic() - began < USED_AGAIN
    edits_are_seen(pair)


def test_a_redis_that_is_flushed_all_the_time(pair: Pair, redis_of_pair: Valkey) -> None:
    for _ in range(5):
        redis_of_pair.command("FLUSHALL")
        edits_are_seen(pair)


def garbage(_value: bytes) -> bytes:
    return b"\x80\x04\x95 what another program has put there"


def of_an_older_format(value: bytes) -> bytes:
    return b"rle0" + value[4:]


def torn(value: bytes) -> bytes:
    return value[: len(value) // 2]


def changed(value: bytes) -> bytes:
    return value[:-20] + bytes([value[-20] ^ 1]) + value[-19:]


def empty(_value: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("spoil", [garbage, of_an_older_format, torn, changed, empty])
def test_what_is_no_answer_of_ours_is_computed_anew(
    pair: Pair, redis_of_pair: Valkey, spoil: Callable[[bytes], bytes]
) -> None:
    def is_noticed() -> bool:
        path = kept_by_one(pair, redis_of_pair)
        before = pair.scrape().value("redis_operations_total", operation="get", status="garbage")
        with redis_of_pair.client() as client:
            (name,) = client.keys()
            kept = client.get(name)
            assert isinstance(kept, bytes)
            client.set(name, spoil(kept))
            answer = pair.workers[1].get(path)
            if "fwd=bypass" in answer.headers["Cache-Status"]:
                return False
            assert answer.headers["Cache-Status"] == "roadlens; fwd=miss; stored"
            assert answer.json() == pair.workers[0].json(path)
            noticed = pair.scrape().value("redis_operations_total", operation="get", status="garbage") - before
            # It is looked at before and after taking the right to load. Then it is written anew.
            return noticed == 2 and client.get(name) != spoil(kept)

    until(is_noticed)

    def said() -> list[str]:
        return [line for line in pair.server.said if "is no answer of ours" in line]

    until(lambda: bool(said()))
    # Of each worker: a machine that stands still has the one that keeps the answer look for it there as well.
    most = len(pair.workers) * (1 + (time.monotonic() - BEGAN) // AGAIN_S)
    assert len(said()) <= most, "one warning in some minutes is enough"
    assert all("REDIS_DB" in line for line in said())


def test_a_list_where_an_answer_should_be(pair: Pair, redis_of_pair: Valkey) -> None:
    until(pair.redis_is_used)
    path = kept_by_one(pair, redis_of_pair)
    with redis_of_pair.client() as client:
        (name,) = client.keys()
        client.delete(name)
        client.rpush(name, "a list")
        for _ in range(2):
            assert pair.workers[1].get(path).json() == pair.workers[0].json(path)
    edits_are_seen(pair)
    until(pair.redis_is_used)


def test_a_redis_that_is_full_keeps_nothing_and_says_so_once(pair: Pair, redis_of_pair: Valkey) -> None:
    until(pair.redis_is_used)
    redis_of_pair.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    redis_of_pair.command("CONFIG", "SET", "maxmemory", 1)
    try:
        edits_are_seen(pair)
        errors = pair.scrape().value("redis_operations_total", operation="set", status="error")
        edits_are_seen(pair)
        until(lambda: pair.scrape().value("redis_operations_total", operation="set", status="error") > errors)
        until(pair.redis_is_used)  # what is there could still be read

        def said() -> list[str]:
            return [line for line in pair.server.said if "is full" in line]

        until(lambda: len(said()) == len(pair.workers))
        assert all("maxmemory-policy" in line for line in said())
    finally:
        redis_of_pair.command("CONFIG", "SET", "maxmemory", 0)
    kept_by_one(pair, redis_of_pair)
