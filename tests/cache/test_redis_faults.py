"""Redis may be absent, slow, full or wrong at any moment: no request fails or waits for long, and people are told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from roadlens.cache.breaker import MOST_FAILURES
from roadlens.cache.redis import RedisStore
from roadlens.cache.store import Budget
from tests.support.proxy import Proxy, Way, proxy_to
from tests.support.store_requests import REQUEST_S, SOON_S, Counts, a_request_goes_on, it_is_given_up, it_works
from tests.support.valkey import HOST, Valkey, free_port, opened_store, running_valkey, usable


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
async def proxy(valkey: Valkey) -> AsyncIterator[Proxy]:
    async with proxy_to(HOST, valkey.port) as between:
        yield between


@pytest.fixture
async def store(valkey: Valkey, proxy: Proxy, counts: Counts) -> AsyncIterator[RedisStore]:
    # A probe that a busy machine holds up would be made anew, over another connection.
    config = valkey.config(port=proxy.port, probe_interval=0.1, connect_timeout=5.0, patience=5.0)
    async with opened_store(config, observer=counts) as opened:
        await usable(opened)
        yield opened


async def test_one_that_is_paused_costs_one_wait_and_then_none(tmp_path: Path, counts: Counts) -> None:
    with running_valkey(tmp_path) as valkey:
        async with opened_store(valkey.config(), observer=counts) as store:
            await it_works(store)
            valkey.pause()
            await it_is_given_up(store)
            waits = counts.of["get", "timeout"]
            assert 1 <= waits <= MOST_FAILURES
            for _ in range(100):
                await a_request_goes_on(store)
            assert counts.of["get", "timeout"] == waits
            valkey.resume()
            await it_works(store)


async def test_who_asks_at_the_same_moment_waits_no_longer(store: RedisStore, proxy: Proxy) -> None:
    proxy.swallowed = Way.BOTH
    began = time.monotonic()
    await asyncio.gather(*(store.get(str(number), Budget(REQUEST_S)) for number in range(200)))
    assert time.monotonic() - began < SOON_S
    proxy.swallowed = Way.NEITHER
    await it_works(store)


async def test_all_commands_of_a_request_have_one_deadline(store: RedisStore, proxy: Proxy, counts: Counts) -> None:
    await it_works(store)
    proxy.delay_s = 0.3
    budget = Budget(SOON_S)
    before = counts.of["get", "ok"]
    await store.get("first", budget)
    assert counts.of["get", "ok"] == before + 1
    assert 0 < budget.left <= SOON_S - 0.6
    budget.spent(budget.left - 0.4)
    await store.get("second", budget)  # takes 0.6 s as well, and has 0.4
    assert counts.of["get", "timeout"] == 1
    assert budget.left == 0


async def test_nothing_is_sent_when_the_time_is_over(store: RedisStore, proxy: Proxy, counts: Counts) -> None:
    await it_works(store)
    await store.get("key", Budget(0))
    assert counts.of["get", "timeout"] == 1
    assert store.usable
    assert await store.get("works", Budget(5)) == b"yes"
    assert proxy.accepted == 1


@pytest.mark.parametrize("way", [Way.TO_SERVER, Way.TO_CLIENT])
async def test_a_network_that_swallows_is_found_out(store: RedisStore, proxy: Proxy, way: Way) -> None:
    await asyncio.gather(*(store.get(str(number), Budget(5)) for number in range(2)))
    assert proxy.accepted == 2
    proxy.swallowed = way
    await it_is_given_up(store)
    before = proxy.accepted
    proxy.swallowed = Way.NEITHER
    await it_works(store)
    assert proxy.accepted > before, "what was open before leads nowhere, for all that is known"


async def test_a_port_that_refuses_is_not_asked(store: RedisStore, proxy: Proxy, counts: Counts) -> None:
    await proxy.refuse()
    await it_is_given_up(store)
    asked = counts.of["get", "error"]
    await a_request_goes_on(store)
    assert counts.of["get", "error"] == asked <= 3
    await proxy.accept()
    await it_works(store)


async def test_one_that_is_not_there_yet_is_used_when_it_comes(tmp_path: Path) -> None:
    valkey = Valkey(tmp_path, port=free_port())
    async with opened_store(valkey.config()) as store:
        await a_request_goes_on(store)
        assert await store.clear("*") == 0
        assert (await store.describe())["usable"] is False
        valkey.start()
        try:
            await it_works(store)
        finally:
            valkey.stop()


async def test_a_cut_connection_is_one_miss(store: RedisStore, proxy: Proxy) -> None:
    await it_works(store)
    proxy.cut()
    await a_request_goes_on(store)
    await it_works(store)


async def test_slow_to_connect_is_not_slow_to_answer(valkey: Valkey, proxy: Proxy) -> None:
    """A connection takes longer than a request may wait: the probe makes it, and requests use it."""
    proxy.delay_s = 0.02  # 40 ms there and back, three times to connect
    async with opened_store(valkey.config(port=proxy.port, patience=5.0, connect_timeout=5.0)) as store:
        assert store.usable
        proxy.delay_s = 0
        await store.put("key", b"x", 60, Budget(REQUEST_S))
        assert proxy.accepted == 1


async def test_a_probe_must_be_as_quick_as_a_request(valkey: Valkey, proxy: Proxy) -> None:
    proxy.delay_s = 0.03
    async with opened_store(valkey.config(port=proxy.port, patience=0.05)) as store:
        assert not store.usable
        proxy.delay_s = 0
        await usable(store)


async def test_a_busy_process_does_not_blame_redis(store: RedisStore, counts: Counts) -> None:
    """1. A command is sent. 2. This process does something else for long. 3. Its timer and the answer are both due."""
    asked = asyncio.create_task(store.get("key", Budget(REQUEST_S)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    time.sleep(3 * REQUEST_S)  # noqa: ASYNC251 - it is what this test is about
    await asked
    assert store.usable, counts.of
