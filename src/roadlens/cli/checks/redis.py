"""Whether Redis is there, quick enough, and set up as a cache."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial

from roadlens.cli.checks.finding import Finding
from roadlens.wiring import Wiring, open_shared_store

_OLDEST = (6, 2)

_error = partial(Finding, "redis", "error")
_warning = partial(Finding, "redis", "warning")


async def check(wiring: Wiring) -> list[Finding]:
    """Without REDIS_HOST there is nothing to look at."""
    if wiring.settings.redis_host is None:
        return []
    async with open_shared_store(wiring) as store:
        return list(judged(await store.describe()))


def judged(state: Mapping[str, object]) -> Iterator[Finding]:
    """What `SharedStore.describe` tells."""
    if not state.get("usable") or "version" not in state:
        yield _warning(
            str(state.get("trouble") or "it does not answer in time"),
            "Workers do not share answers: each computes its own. Nothing is wrong otherwise.",
            "See that it runs, and that REDIS_HOST, REDIS_PORT and REDIS_PASSWORD are its own (docs/redis.md).",
        )
        return
    version = tuple(int(part) for part in re.findall(r"\d+", str(state["version"]))[:2])
    if version < _OLDEST:
        yield _error(
            f"version {state['version']}", "HELLO and GETEX need 6.2 or newer.", "Upgrade Redis, or use Valkey."
        )
    if not state.get("max_bytes"):
        yield _warning(
            "maxmemory is not set",
            "It grows until the machine has no memory left.",
            "CONFIG SET maxmemory 256mb, and the same in its configuration.",
        )
    if not str(state.get("eviction", "")).startswith("allkeys-"):
        yield _warning(
            f"maxmemory-policy is {state.get('eviction')}",
            "When it is full it refuses new answers instead of letting go of old ones.",
            "CONFIG SET maxmemory-policy allkeys-lru, and the same in its configuration.",
        )
