"""The shared level in a Redis or Valkey. It may be away at any moment: then nothing is kept, and nobody waits."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

from redis.exceptions import RedisError

from roadlens.cache.breaker import Breaker
from roadlens.cache.connections import Argument, Connections, RedisConfig, Unreachable
from roadlens.cache.observer import Observer
from roadlens.cache.store import Budget
from roadlens.cache.troubles import LATE, SLOW, Complaints, Trouble, trouble

# Redis's manual, "Distributed Locks with Redis": a lock is given back only by whom it belongs to.
RELEASE = "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end"

# A timer that fires so much too late says that this process was busy, not Redis.
LATENESS_S = 0.02

# Clearing and describing are asked for by people, who can wait for longer than a request.
PEOPLE_WAIT_S = 1.0
SCANNED_AT_ONCE = 1000

FAILED: Final = object()


class RedisStore:
    """A `store.SharedStore`. Made by `open`, in the process and event loop that use it."""

    def __init__(self, config: RedisConfig, namespace: str, observer: Observer) -> None:
        self._config = config
        self._namespace = namespace
        self._observer = observer
        self._servers = Connections(config)
        self._complaints = Complaints(config)
        self._breaker = Breaker(self._probe, interval=config.probe_interval)

    @classmethod
    async def open(cls, config: RedisConfig, namespace: str, observer: Observer) -> RedisStore:
        """A store that has tried Redis once, for at most `config.connect_timeout` and a little; it is usable then, or
        will be once Redis is there.

        Args:
            namespace: begins every key, so that what another build keeps is never read.
        """
        store = cls(config, namespace, observer)
        await store._breaker.start()
        return store

    @property
    def usable(self) -> bool:
        return self._breaker.closed

    async def until_usable(self) -> None:
        await self._breaker.until_closed()

    async def get(self, key: str, budget: Budget) -> bytes | None:
        found = await self._ask("get", budget, "GET", self._namespace + key)
        return found if isinstance(found, bytes) else None

    async def put(self, key: str, value: bytes, ttl: float, budget: Budget) -> None:
        await self._ask("set", budget, "SET", self._namespace + key, value, "PX", _milliseconds(ttl))

    async def lease(self, key: str, seconds: float, budget: Budget) -> str | None:
        token = secrets.token_hex(8)
        name = self._lease(key)
        given = await self._ask("lease", budget, "SET", name, token, "NX", "PX", _milliseconds(seconds))
        if given is FAILED:
            return ""
        return token if given else None

    async def release(self, key: str, token: str, budget: Budget) -> None:
        if token:
            await self._ask("release", budget, "EVAL", RELEASE, 1, self._lease(key), token)

    async def clear(self, pattern: str) -> int:
        """As the contract says. What is put while it runs may stay. Other namespaces are not touched."""
        match = re.sub(r"([*?\[\]\\])", r"\\\1", self._namespace) + pattern
        removed, cursor = 0, b"0"
        while True:
            found = await self._ask(
                "scan", Budget(PEOPLE_WAIT_S), "SCAN", cursor, "MATCH", match, "COUNT", SCANNED_AT_ONCE
            )
            if found is FAILED:
                return removed
            cursor, keys = found
            if keys:
                gone = await self._ask("unlink", Budget(PEOPLE_WAIT_S), "UNLINK", *keys)
                removed += 0 if gone is FAILED else gone
            if int(cursor) == 0:
                return removed

    async def describe(self) -> Mapping[str, object]:
        state: dict[str, object] = {
            "configured": True,
            "usable": self.usable,
            "address": f"{self._config.host}:{self._config.port}",
            "cluster": self._config.cluster,
            "trouble": self._complaints.last,
        }
        told = await self._ask("info", Budget(PEOPLE_WAIT_S), "INFO")
        if told is FAILED:
            return state
        keys = await self._ask("info", Budget(PEOPLE_WAIT_S), "DBSIZE")
        return state | _facts(told) | {"keys": None if keys is FAILED else keys}

    async def close(self) -> None:
        await self._breaker.stop()
        await self._servers.close()

    def _lease(self, key: str) -> str:
        """Beside what is kept under the key, and outside of what is cleared."""
        return f"lease:{self._namespace}{key}"

    async def _ask(self, operation: str, budget: Budget, *command: Argument) -> Any:
        """The answer, or `FAILED`."""
        if not self._breaker.closed:
            self._observer.operation(operation, "refused", 0.0)
            return FAILED
        allowed, began = budget.left, monotonic()
        try:
            async with asyncio.timeout(allowed):
                answer = await self._servers.ask(*command)
        except TimeoutError:
            late = monotonic() - began > allowed + LATENESS_S
            return await self._failed(operation, "timeout", began, LATE if late else SLOW)
        except (RedisError, Unreachable) as error:
            return await self._failed(operation, "error", began, trouble(error, self._config.password))
        finally:
            budget.spent(monotonic() - began)
        self._breaker.succeeded()
        self._observer.operation(operation, "ok", monotonic() - began)
        return answer

    async def _failed(self, operation: str, status: str, began: float, found: Trouble) -> object:
        self._observer.operation(operation, status, monotonic() - began)
        self._complaints.about(found)
        if self._breaker.failed(decisive=found.decisive):
            await self._servers.forget()
        return FAILED

    async def _probe(self) -> bool:
        """Twice: once with the time to connect, once with the time that a request has."""
        for seconds in (self._config.connect_timeout, self._config.patience):
            began = monotonic()
            status, found = "ok", None
            try:
                async with asyncio.timeout(seconds):
                    await self._servers.ask("PING")
            except TimeoutError:
                status, found = "timeout", SLOW
            except (RedisError, Unreachable) as error:
                status, found = "error", trouble(error, self._config.password)
            self._observer.operation("ping", status, monotonic() - began)
            if found is not None:
                self._complaints.about(found)
                await self._servers.forget()
                return False
        self._complaints.over()
        return True


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _facts(told: bytes) -> dict[str, object]:
    """What `INFO` tells, as far as people ask for it."""
    lines = (line.split(":", 1) for line in told.decode(errors="replace").splitlines() if ":" in line)
    facts = dict(lines)
    return {
        "server": facts.get("server_name", "redis"),
        "version": facts.get("valkey_version") or facts.get("redis_version"),
        "used_bytes": int(facts.get("used_memory", 0)),
        "max_bytes": int(facts.get("maxmemory", 0)) or None,
        "eviction": facts.get("maxmemory_policy"),
        "evicted": int(facts.get("evicted_keys", 0)),
    }
