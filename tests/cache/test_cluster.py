"""A cluster of real servers: each key is where its slot is, also after it moved, and all of it is cleared."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.crc import key_slot

from roadlens.cache.redis import RedisStore
from roadlens.cache.store import Budget
from tests.support.valkey import HOST, PATIENCE_S, Valkey, is_whole, opened_store, running_cluster, usable

KEYS = [f"key {number}" for number in range(60)]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Valkey]]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
async def store(nodes: list[Valkey]) -> AsyncIterator[RedisStore]:
    for node in nodes:
        node.command("FLUSHALL")
    async with opened_store(nodes[0].config(cluster=True), namespace="c:") as opened:
        assert opened.usable
        yield opened


async def fill(store: RedisStore) -> None:
    for key in KEYS:
        await store.put(key, key.encode(), 60, Budget(5))


async def found(store: RedisStore) -> list[str]:
    return [key for key in KEYS if await store.get(key, Budget(5)) == key.encode()]


async def whole(nodes: list[Valkey]) -> None:
    """Wait until all serve all slots: who was not heard for long is taken for dead by the others for a while."""
    async with asyncio.timeout(PATIENCE_S):
        while not all(is_whole(node, len(nodes)) for node in nodes):  # noqa: ASYNC110 - a cluster sets no event
            await asyncio.sleep(0.01)


async def test_keys_are_spread_and_found(store: RedisStore, nodes: list[Valkey]) -> None:
    await fill(store)
    assert all(node.command("DBSIZE") > 5 for node in nodes)
    assert await found(store) == KEYS
    assert (await store.describe())["keys"] == len(KEYS)
    assert (await store.describe())["servers"] == 3


async def test_a_lease_is_one_workers(store: RedisStore) -> None:
    for key in KEYS[:10]:
        token = await store.lease(key, 60, Budget(5))
        assert token
        assert await store.lease(key, 60, Budget(5)) is None
        await store.release(key, token, Budget(5))
        assert await store.lease(key, 60, Budget(5))


async def test_clearing_reaches_every_node(store: RedisStore) -> None:
    await fill(store)
    assert await store.clear("key 1*") == 11
    assert await store.clear("*") == len(KEYS) - 11
    assert await found(store) == []


async def test_a_slot_that_moves_is_followed(store: RedisStore, nodes: list[Valkey]) -> None:
    """1. A slot is said to be leaving (ASK). 2. Its key is moved. 3. The slot is the other's (MOVED)."""
    await fill(store)
    slot = key_slot(f"c:{KEYS[0]}".encode())
    source = next(node for node in nodes if slot in own_slots(node))
    target = next(node for node in nodes if node is not source)
    names = {node.port: node.command("CLUSTER", "MYID").decode() for node in nodes}
    target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", names[source.port])
    source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", names[target.port])
    source.command("MIGRATE", HOST, target.port, f"c:{KEYS[0]}", 0, 5000)
    assert await found(store) == KEYS
    for node in (target, source, *nodes):
        node.command("CLUSTER", "SETSLOT", slot, "NODE", names[target.port])
    assert await found(store) == KEYS
    told = source.command("INFO", "errorstats")["errorstat_MOVED"]
    assert await found(store) == KEYS
    assert source.command("INFO", "errorstats")["errorstat_MOVED"] == told, (
        "who was told once where a slot is goes there"
    )
    assert store.usable


async def test_one_that_is_paused_stops_all_until_it_is_back(store: RedisStore, nodes: list[Valkey]) -> None:
    await fill(store)
    nodes[1].pause()
    try:
        for key in KEYS:
            await store.get(key, Budget(0.05))
        assert not store.usable
    finally:
        nodes[1].resume()
    await whole(nodes)
    await usable(store)
    assert await found(store) == KEYS


async def test_one_that_is_gone_stops_all_until_it_is_back(store: RedisStore, nodes: list[Valkey]) -> None:
    await fill(store)
    nodes[0].stop()
    try:
        for key in KEYS:
            await store.get(key, Budget(5))
        assert not store.usable
    finally:
        nodes[0].start()
    await whole(nodes)
    await usable(store)


def own_slots(node: Valkey) -> set[int]:
    return {
        slot
        for first, last, (_, port, *_), *_ in node.command("CLUSTER", "SLOTS")
        if port == node.port
        for slot in range(first, last + 1)
    }
