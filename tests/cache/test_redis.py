"""The shared level: what is kept, for how long, and under whose name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from roadlens.cache.redis import RedisStore
from roadlens.cache.store import Budget
from tests.support.valkey import PATIENCE_S, Valkey, opened_store


def patient() -> Budget:
    """Time enough on a machine that does other things too."""
    return Budget(5)


@pytest.fixture
async def store(valkey: Valkey) -> AsyncIterator[RedisStore]:
    async with opened_store(valkey.config(), namespace="build:") as opened:
        assert opened.usable
        yield opened


async def test_bytes_come_back_as_they_were_kept(store: RedisStore) -> None:
    value = bytes(range(256)) * 400
    await store.put("a key, with: spaces/ü", value, 60, patient())
    assert await store.get("a key, with: spaces/ü", patient()) == value
    assert await store.get("another", patient()) is None


async def test_a_value_is_kept_for_its_time(store: RedisStore, valkey: Valkey) -> None:
    await store.put("long", b"x", 120, patient())
    await store.put("short", b"x", 0.0001, patient())
    with valkey.client() as client:
        assert 119_000 < client.pttl("build:long") <= 120_000
    async with asyncio.timeout(PATIENCE_S):
        while await store.get("short", patient()) is not None:
            pass


async def test_a_lease_is_one_workers_until_it_is_given_back(store: RedisStore, valkey: Valkey) -> None:
    token = await store.lease("load", 60, patient())
    assert token
    assert await store.lease("load", 60, patient()) is None
    await store.release("load", token, patient())
    assert await store.lease("load", 60, patient())
    with valkey.client() as client:
        assert 59_000 < client.pttl("lease:build:load") <= 60_000


async def test_a_lease_lies_beside_what_is_kept_under_its_key(store: RedisStore) -> None:
    await store.put("load", b"x", 60, patient())
    assert await store.lease("load", 60, patient())
    assert await store.get("load", patient()) == b"x"
    assert await store.clear("*") == 1
    assert await store.lease("load", 60, patient()) is None


async def test_a_lease_that_ended_is_not_taken_from_who_has_it_now(store: RedisStore, valkey: Valkey) -> None:
    late = await store.lease("load", 60, patient())
    with valkey.client() as client:
        client.delete("lease:build:load")  # the time of the first is over
    assert await store.lease("load", 60, patient())
    await store.release("load", late or "", patient())
    assert await store.lease("load", 60, patient()) is None


async def test_clearing_takes_what_matches_of_its_own_namespace(store: RedisStore, valkey: Valkey) -> None:
    for number in range(2500):
        await store.put(f"response_cache:drivers_list:{number}", b"x", 60, patient())
    await store.put("response_cache:summary", b"x", 60, patient())
    with valkey.client() as client:
        client.set("other:response_cache:drivers_list:1", "x")
    assert await store.clear("*drivers_list*") == 2500
    assert await store.clear("*drivers_list*") == 0
    assert await store.get("response_cache:summary", patient()) == b"x"
    assert await store.clear("*") == 1
    with valkey.client() as client:
        assert client.keys() == [b"other:response_cache:drivers_list:1"]


async def test_a_namespace_is_no_pattern(valkey: Valkey) -> None:
    async with opened_store(valkey.config(), namespace="*[a]?:") as odd:
        await odd.put("mine", b"x", 60, patient())
        with valkey.client() as client:
            client.set("any a!:theirs", "x")
            assert await odd.clear("*") == 1
            assert client.exists("any a!:theirs")


async def test_the_state_is_told(store: RedisStore) -> None:
    await store.put("a", b"x", 60, patient())
    state = await store.describe()
    assert state["usable"] is True
    assert state["server"] in {"valkey", "redis"}
    assert str(state["version"]).count(".") == 2
    assert state["keys"] == 1
    assert state["trouble"] is None
