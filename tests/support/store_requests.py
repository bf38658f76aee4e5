"""Asking a store as a request does, whatever state its Redis is in, and counting how that ends."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from roadlens.cache.breaker import MOST_FAILURES
from roadlens.cache.observer import Silent
from roadlens.cache.redis import RedisStore
from roadlens.cache.store import Budget
from tests.support.valkey import PATIENCE_S, usable

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
    """Sooner or later: one that a busy machine holds up is taken for away, until a probe has succeeded."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await usable(store)
            await store.put("works", b"yes", 60, Budget(5))
            if await store.get("works", Budget(5)) == b"yes":
                return
