"""The contract of a level that is shared between workers: bytes under keys, for a time. Being away is no error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Budget:
    """How long one request may wait for a store in all, whatever it asks of it. Only time `spent` counts.

    Attributes:
        left: seconds.
    """

    __slots__ = ("left",)

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def spent(self, seconds: float) -> None:
        """A command took so long."""
        self.left = max(0.0, self.left - seconds)


class SharedStore(Protocol):
    """Redis, or what takes its place. What goes wrong is counted and logged, and answered as if nothing was kept."""

    @property
    def usable(self) -> bool:
        """False while nothing should be asked of it: there is none, or its breaker is open."""

    async def start(self) -> None:
        """Try it once, in the process and event loop that use it; it is usable then, or as soon as it is there."""

    async def get(self, key: str, budget: Budget) -> bytes | None:
        """What is kept under the key."""

    async def put(self, key: str, value: bytes, ttl: float, budget: Budget) -> None:
        """Keep the value for `ttl` seconds."""

    async def lease(self, key: str, seconds: float, budget: Budget) -> str | None:
        """Take the right to load what the key names, for at most these seconds: a token to give it back with.

        None says that another worker has it. Where the store fails, the right is given: two loads are better than none.
        The token is empty then, and giving it back asks the store nothing.
        """

    async def release(self, key: str, token: str, budget: Budget) -> None:
        """Give the right back, if it is still this token's."""

    async def clear(self, pattern: str) -> int:
        """Remove what matches a pattern (`*`, `?`, `[…]`) of keys without their namespace; how many there were."""

    async def describe(self) -> Mapping[str, object]:
        """State for people: `{"configured", "usable", "server", "version", "used_bytes", "max_bytes", "keys", ...}`."""

    async def close(self) -> None: ...
