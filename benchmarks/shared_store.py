"""What does asking Redis cost, beside redis-py's own client, and what does a Redis cost that does not answer?

Uses the tests' Valkey. The rounds of the contestants are interleaved; what counts is the median. Run as
`python -m benchmarks.shared_store`.
"""

from __future__ import annotations

import asyncio
import json
import platform
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import uvloop
from redis.asyncio import Redis

from roadlens.cache.redis import RedisStore
from roadlens.cache.store import Budget
from tests.support.valkey import HOST, Valkey, opened_store, running_valkey, usable

RESULT = Path(__file__).parent / "results" / "shared_store.json"
SIZES = (300, 25_000)
CONCURRENCY = (1, 10)
ROUNDS = 9
ASKED = 2_000
REQUEST_S = 0.05
KEPT = 20_000

Get = Callable[[], Awaitable[object]]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="roadlens-bench-") as directory, running_valkey(Path(directory)) as valkey:
        result = uvloop.run(_measure(valkey))
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(
        json.dumps({"command": "python -m benchmarks.shared_store", **machine, **result}, indent=2) + "\n"
    )


async def _measure(valkey: Valkey) -> dict[str, Any]:
    async with opened_store(valkey.config(probe_interval=1.0, connect_timeout=1.0, patience=0.05)) as store:
        await usable(store)
        gets = [await _gets(store, valkey, size, concurrency) for size in SIZES for concurrency in CONCURRENCY]
        return {"gets": gets, "clearing": await _clearing(store), "paused": await _paused(store, valkey)}


async def _gets(store: RedisStore, valkey: Valkey, size: int, concurrency: int) -> dict[str, Any]:
    await store.put("key", b"x" * size, 600, Budget(1))
    client = Redis(host=HOST, port=valkey.port, protocol=3)
    contestants: dict[str, Get] = {
        "redis_py": lambda: client.get("test:key"),
        "store": lambda: store.get("key", Budget(1)),
    }
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, get in contestants.items():
            times[name].append(await _microseconds(get, concurrency))
    await client.aclose()
    median = {name: round(statistics.median(taken), 1) for name, taken in times.items()}
    ratio = round(statistics.median(a / b for a, b in zip(times["redis_py"], times["store"], strict=True)), 2)
    print(f"GET of {size:,} bytes, {concurrency} at a time: {median} µs; {ratio} times as many as redis-py's client")
    return {"bytes": size, "at_a_time": concurrency, "microseconds": median, "times_redis_py": ratio}


async def _microseconds(get: Get, concurrency: int) -> float:
    async def some() -> None:
        for _ in range(ASKED // concurrency):
            await get()

    began = perf_counter()
    await asyncio.gather(*(some() for _ in range(concurrency)))
    return (perf_counter() - began) / ASKED * 1e6


async def _clearing(store: RedisStore) -> dict[str, Any]:
    for number in range(KEPT):
        await store.put(f"many:{number}", b"x" * 300, 600, Budget(1))
    began = perf_counter()
    cleared = await store.clear("many:*")
    seconds = round(perf_counter() - began, 2)
    print(f"{cleared:,} keys cleared in {seconds} s")
    return {"keys": cleared, "seconds": seconds}


async def _paused(store: RedisStore, valkey: Valkey) -> dict[str, Any]:
    """Three commands a request, as a miss asks them."""

    async def request() -> float:
        budget, began = Budget(REQUEST_S), perf_counter()
        await store.get("key", budget)
        await store.lease("key", 1, budget)
        await store.put("key", b"x", 60, budget)
        return perf_counter() - began

    valkey.pause()
    waited = [await request() for _ in range(1_000)]
    valkey.resume()
    began = perf_counter()
    await usable(store)
    result = {
        "first_request_ms": round(waited[0] * 1e3, 1),
        "longest_of_the_others_ms": round(max(waited[1:]) * 1e3, 3),
        "median_of_the_others_us": round(statistics.median(waited[1:]) * 1e6, 1),
        "used_again_after_s": round(perf_counter() - began, 2),
    }
    print(f"paused: {result}")
    return result


if __name__ == "__main__":
    main()
