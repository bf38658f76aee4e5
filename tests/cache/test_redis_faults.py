"""Redis may be absent, slow, full or wrong at any moment: no request fails or waits for long, and people are told."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from roadlens.cache.breaker import MOST_FAILURES
from roadlens.cache.observer import Silent
from roadlens.cache.redis import RedisStore
from roadlens.cache.store import Budget
from tests.support.proxy import Proxy, Way, proxy_to
from tests.support.valkey import HOST, Valkey, free_port, opened_store, running_valkey, usable

# Long enough for a machine that does other things; what matters is that it is told apart from "until it answers".
SOON_S = 10.0
REQUEST_S = 0.05


class Counts(Silent):
    """How often which operation ended how."""

    def __init__(self) -> None:
        self.of: Counter[tuple[str, str]] = Counter()

    def operation(self, operation: str, status: str, seconds: float) -> None:
        assert seconds >= 0
        self.of[operation, status] += 1


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
async def proxy(valkey: Valkey) -> AsyncIterator[Proxy]:
    async with proxy_to(HOST, valkey.port) as between:
        yield between


@pytest.fixture
async def store(valkey: Valkey, proxy: Proxy, counts: Counts) -> AsyncIterator[RedisStore]:
    async with opened_store(valkey.config(port=proxy.port, probe_interval=0.1), observer=counts) as opened:
        await usable(opened)
        yield opened


async def a_request_goes_on(store: RedisStore) -> None:
    """What a miss asks of a store that is away: nothing is there, and the right to load is given."""
    budget = Budget(REQUEST_S)
    began = time.monotonic()
    assert await store.get("key", budget) is None
    assert await store.lease("key", 1, budget) is not None
    await store.put("key", b"value", 60, budget)
    await store.release("key", "token", budget)
    assert time.monotonic() - began < SOON_S


async def it_is_given_up(store: RedisStore) -> None:
    """One timeout is enough; where this process itself was late, as a machine with other work makes it, a few are."""
    for _ in range(MOST_FAILURES):
        if store.usable:
            await a_request_goes_on(store)
    assert not store.usable


async def it_works(store: RedisStore) -> None:
    await usable(store)
    await store.put("works", b"yes", 60, Budget(5))
    assert await store.get("works", Budget(5)) == b"yes"


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
    budget = Budget(1.0)
    await store.get("first", budget)
    assert counts.of["get", "ok"] == 2
    assert 0 < budget.left <= 0.4
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
    proxy.swallowed = Way.NEITHER
    await it_works(store)
    assert proxy.accepted == 3, "what was open before leads nowhere, for all that is known"


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
    async with opened_store(valkey.config(port=proxy.port, patience=0.5)) as store:
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


# What is wrong with it, and what is said about that


@asynccontextmanager
async def store_beside(valkey: Valkey, **changes: object) -> AsyncIterator[RedisStore]:
    async with opened_store(valkey.config(**changes)) as store:
        yield store


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_wrong_password_is_said_once_and_never_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with running_valkey(tmp_path, password="right one") as valkey:
        async with store_beside(valkey, password="hunter2") as store:
            for _ in range(5):
                await a_request_goes_on(store)
            assert not store.usable
            (said,) = warnings(caplog)
            assert "Check REDIS_PASSWORD" in said
            assert "Check REDIS_PASSWORD" in str((await store.describe())["trouble"])
            valkey.command("CONFIG", "SET", "requirepass", "hunter2")
            await usable(store)
        valkey.password = "hunter2"
    assert "hunter2" not in caplog.text


async def test_a_host_that_does_not_exist(caplog: pytest.LogCaptureFixture, valkey: Valkey) -> None:
    async with store_beside(valkey, host="nowhere.invalid") as store:
        await a_request_goes_on(store)
        assert not store.usable
    assert "Check REDIS_HOST" in warnings(caplog)[0]


async def test_one_that_speaks_no_tls(caplog: pytest.LogCaptureFixture, valkey: Valkey) -> None:
    async with store_beside(valkey, tls=True) as store:
        await a_request_goes_on(store)
        assert not store.usable
    assert "check REDIS_PORT and ROADLENS_REDIS_TLS" in warnings(caplog)[0]


async def test_a_full_one_still_gives(tmp_path: Path, caplog: pytest.LogCaptureFixture, counts: Counts) -> None:
    with running_valkey(tmp_path) as valkey:
        async with opened_store(valkey.config(), observer=counts) as store:
            await it_works(store)
            valkey.command("CONFIG", "SET", "maxmemory", "1")
            for number in range(10):
                await store.put(f"key {number}", b"x", 60, Budget(5))
            assert counts.of["set", "error"] == 10
            assert await store.lease("load", 60, Budget(5)) == ""
            assert store.usable
            assert await store.get("works", Budget(5)) == b"yes"
    (said,) = warnings(caplog)
    assert "allkeys-lru" in said


async def test_a_replica_gives_and_keeps_nothing(
    tmp_path: Path, valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    with running_valkey(tmp_path, "--replicaof", f"{HOST} {valkey.port}") as replica:
        async with store_beside(replica) as store:
            await store.put("key", b"x", 60, Budget(5))
            assert await store.get("key", Budget(5)) is None
            assert store.usable
    (said,) = warnings(caplog)
    assert "is a replica" in said


async def test_one_that_still_loads_is_used_when_it_has(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with running_valkey(
        tmp_path, "--loading-process-events-interval-bytes", "1024", "--enable-debug-command", "yes"
    ) as valkey:
        valkey.command("DEBUG", "POPULATE", 500, "key", 200)
        valkey.command("SAVE")
        valkey.stop()
        valkey.options = (*valkey.options, "--key-load-delay", "2000")  # microseconds for each key
        valkey.spawn()
        async with opened_store(valkey.config()) as store:
            await a_request_goes_on(store)
            await it_works(store)
    assert "is still loading" in caplog.text


async def test_a_user_without_rights(valkey: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    valkey.command("ACL", "SETUSER", "reader", "on", ">pass", "~*", "+get", "+ping", "+hello", "+client|setname")
    async with store_beside(valkey, username="reader", password="pass") as store:
        await store.put("key", b"x", 60, Budget(5))
        assert store.usable
    assert "does not let this user" in warnings(caplog)[0]


async def test_a_node_of_a_cluster_is_called_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with running_valkey(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as valkey:
        async with store_beside(valkey) as store:
            await a_request_goes_on(store)
    assert "Set ROADLENS_REDIS_CLUSTER=1" in caplog.text or "does not work" in caplog.text


async def test_one_that_is_no_cluster_is_not_taken_for_one(valkey: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    async with store_beside(valkey, cluster=True) as store:
        await a_request_goes_on(store)
        assert not store.usable
    assert "Set ROADLENS_REDIS_CLUSTER=0" in warnings(caplog)[0]


async def test_something_else_under_a_key_is_nothing(store: RedisStore, valkey: Valkey) -> None:
    with valkey.client() as client:
        client.rpush("test:key", "no bytes")
    assert await store.get("key", Budget(5)) is None
    assert store.usable
