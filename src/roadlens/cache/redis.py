"""The shared level in a Redis or Valkey. It may be away at any moment: then nothing is kept, and nobody waits."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any, Final

from redis.exceptions import RedisError

from roadlens.cache.breaker import Breaker
from roadlens.cache.cluster import Cluster
from roadlens.cache.connections import Command, Connections, RedisConfig, Servers, Unreachable
from roadlens.cache.observer import Observer
from roadlens.cache.store import Budget
from roadlens.cache.troubles import LATE, SILENT, SLOW, Complaints, Says, Trouble, trouble

# Redis's manual, "Distributed Locks with Redis": a lock is given back only by whom it belongs to.
RELEASE = "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end"

# A timer that fires so much too late says that this process was busy, not Redis.
LATENESS_S = 0.02

# Clearing and describing are asked for by people, who can wait for longer than a request.
PEOPLE_WAIT_S = 1.0
SCANNED_AT_ONCE = 1000

# What of several servers is added up; of the rest, the first one's counts. No `max_bytes` is 0, as Redis says it.
SUMMED = ("keys", "used_bytes", "max_bytes", "evicted")

FAILED: Final = object()


class RedisStore:
    """A `store.SharedStore`. Made by `open`, in the process and event loop that use it."""

    def __init__(self, config: RedisConfig, namespace: str, observer: Observer) -> None:
        self._config = config
        self._namespace = namespace
        self._observer = observer
        self._servers: Servers = Cluster(config) if config.cluster else Connections(config)
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
        await store.start()
        return store

    async def start(self) -> None:
        """Try Redis once; it is usable then, or will be once it is there."""
        await self._breaker.start()

    @property
    def usable(self) -> bool:
        return self._breaker.closed

    async def until_usable(self) -> None:
        await self._breaker.until_closed()

    async def get(self, key: str, budget: Budget) -> bytes | None:
        name = self._namespace + key
        found = await self._ask("get", budget, self._servers.ask, ("GET", name), name)
        return found if isinstance(found, bytes) else None

    async def put(self, key: str, value: bytes, ttl: float, budget: Budget) -> None:
        name = self._namespace + key
        await self._ask("set", budget, self._servers.ask, ("SET", name, value, "PX", _milliseconds(ttl)), name)

    async def lease(self, key: str, seconds: float, budget: Budget) -> str | None:
        token, name = secrets.token_hex(8), self._lease(key)
        command: Command = ("SET", name, token, "NX", "PX", _milliseconds(seconds))
        given = await self._ask("lease", budget, self._servers.ask, command, name)
        if given is FAILED:
            return ""
        return token if given else None

    async def release(self, key: str, token: str, budget: Budget) -> None:
        if token:
            name = self._lease(key)
            await self._ask("release", budget, self._servers.ask, ("EVAL", RELEASE, 1, name, token), name)

    async def clear(self, pattern: str) -> int:
        """As the contract says. What is put while it runs may stay. Other namespaces are not touched."""
        match = re.sub(r"([*?\[\]\\])", r"\\\1", self._namespace) + pattern
        return sum([await self._clear(node, match) for node in self._servers.primaries])

    async def _clear(self, node: Connections, match: str) -> int:
        removed, cursor = 0, b"0"
        while True:
            scan: Command = ("SCAN", cursor, "MATCH", match, "COUNT", SCANNED_AT_ONCE)
            found = await self._ask("scan", Budget(PEOPLE_WAIT_S), node.ask, scan)
            if found is FAILED:
                return removed
            cursor, keys = found
            if keys:
                # One command for each key: a cluster takes several in one only where they share a slot.
                unlink = [("UNLINK", key) for key in keys]
                gone = await self._ask("unlink", Budget(PEOPLE_WAIT_S), node.ask_all, unlink)
                removed += 0 if gone is FAILED else sum(gone)
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
        nodes = self._servers.primaries
        asked = [
            await self._ask("info", Budget(PEOPLE_WAIT_S), node.ask_all, (("INFO",), ("DBSIZE",))) for node in nodes
        ]
        told = [_facts(*answers) for answers in asked if answers is not FAILED]
        if told:
            state |= told[0] | {name: sum(facts[name] for facts in told) for name in SUMMED} | {"servers": len(told)}
        return state

    async def close(self) -> None:
        await self._breaker.stop()
        await self._servers.close()

    def _lease(self, key: str) -> str:
        """Beside what is kept under the key, and outside of what is cleared."""
        return f"lease:{self._namespace}{key}"

    async def _ask(self, operation: str, budget: Budget, ask: Callable[..., Awaitable[Any]], *arguments: object) -> Any:
        """The answer, or `FAILED`."""
        if not self._breaker.closed:
            self._observer.operation(operation, "refused", 0.0)
            return FAILED
        allowed, began = budget.left, monotonic()
        if allowed <= 0:
            self._observer.operation(operation, "timeout", 0.0)
            return FAILED
        try:
            async with asyncio.timeout(allowed):
                answer = await ask(*arguments)
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
        if found.says is Says.THERE:
            self._breaker.succeeded()
        elif self._breaker.failed(decisive=found.says is Says.AWAY):
            await self._servers.forget()
        return FAILED

    async def _probe(self) -> bool:
        """Twice: once with the time to connect, once with the time that a request has."""
        usable = await self._hears(self._find, self._config.connect_timeout, SILENT)
        usable = usable and await self._hears(self._servers.ping, self._config.patience, SLOW)
        if usable:
            self._complaints.over()
        else:
            await self._servers.forget()
        return usable

    async def _find(self) -> None:
        await self._servers.find()
        await self._servers.ping()

    async def _hears(self, ask: Callable[[], Awaitable[None]], seconds: float, late: Trouble) -> bool:
        began, status, found = monotonic(), "ok", None
        try:
            async with asyncio.timeout(seconds):
                await ask()
        except TimeoutError:
            status, found = "timeout", late
        except (RedisError, Unreachable) as error:
            status, found = "error", trouble(error, self._config.password)
        self._observer.operation("ping", status, monotonic() - began)
        if found is not None:
            self._complaints.about(found)
        return found is None


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _facts(told: bytes, keys: int) -> dict[str, Any]:
    """What `INFO` and `DBSIZE` tell, as far as people ask for it."""
    facts = dict(line.split(":", 1) for line in told.decode(errors="replace").splitlines() if ":" in line)
    return {
        "server": facts.get("server_name", "redis"),
        "version": facts.get("valkey_version") or facts.get("redis_version"),
        "eviction": facts.get("maxmemory_policy"),
        "keys": keys,
        "used_bytes": int(facts.get("used_memory", 0)),
        "max_bytes": int(facts.get("maxmemory", 0)),
        "evicted": int(facts.get("evicted_keys", 0)),
    }
