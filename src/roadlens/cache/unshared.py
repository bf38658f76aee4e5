"""No level between workers: each keeps its own answers, and computes them for itself."""

from __future__ import annotations

from collections.abc import Mapping

from roadlens.cache.store import Budget


class Unshared:
    """A store that is never usable, and so never asked."""

    usable = False

    async def start(self) -> None: ...

    async def get(self, key: str, budget: Budget) -> bytes | None:  # noqa: ARG002 - the contract's
        return None

    async def put(self, key: str, value: bytes, ttl: float, budget: Budget) -> None: ...

    async def lease(self, key: str, seconds: float, budget: Budget) -> str | None:  # noqa: ARG002 - the contract's
        return ""

    async def release(self, key: str, token: str, budget: Budget) -> None: ...

    async def clear(self, pattern: str) -> int:  # noqa: ARG002 - the contract's
        return 0

    async def describe(self) -> Mapping[str, object]:
        return {"configured": False, "usable": False}

    async def close(self) -> None: ...
