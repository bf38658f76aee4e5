"""A Redis that is set up wrongly: people are told what to do, once, and whatever it can still do is used."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from roadlens.cache.redis import RedisStore
from roadlens.cache.store import Budget
from tests.support.store_requests import Counts, a_request_goes_on, it_works
from tests.support.valkey import FREE_PORT, HOST, Valkey, opened_store, running_valkey, usable


@pytest.fixture
def counts() -> Counts:
    return Counts()


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
    async with store_beside(valkey, tls=True, connect_timeout=1.0) as store:
        await a_request_goes_on(store)
        assert not store.usable
    assert "check REDIS_PORT and ROADLENS_REDIS_TLS" in warnings(caplog)[0]


async def test_a_full_one_still_gives(tmp_path: Path, caplog: pytest.LogCaptureFixture, counts: Counts) -> None:
    with running_valkey(tmp_path) as valkey:
        async with opened_store(valkey.config(connect_timeout=5.0, patience=5.0), observer=counts) as store:
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
    with running_valkey(tmp_path, "--cluster-enabled", "yes", "--cluster-port", FREE_PORT) as valkey:
        async with store_beside(valkey) as store:
            await a_request_goes_on(store)
    assert "Set ROADLENS_REDIS_CLUSTER=1" in caplog.text or "does not work" in caplog.text


async def test_one_that_is_no_cluster_is_not_taken_for_one(valkey: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    async with store_beside(valkey, cluster=True) as store:
        await a_request_goes_on(store)
        assert not store.usable
    assert "Set ROADLENS_REDIS_CLUSTER=0" in warnings(caplog)[0]


async def test_something_else_under_a_key_is_nothing(valkey: Valkey) -> None:
    with valkey.client() as client:
        client.rpush("test:key", "no bytes")
    async with store_beside(valkey) as store:
        assert await store.get("key", Budget(5)) is None
        assert store.usable
