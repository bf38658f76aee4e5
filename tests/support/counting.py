"""An observer that remembers what it was told, for tests of what is counted."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from roadlens.cache.observer import Behind, Level, Why


class Counting:
    """A `cache.observer.Observer`.

    Attributes:
        told: each call in a few words, in order; the loads apart.
        loads: how many loads have ended.
        evictions: entries that memory let go.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self.loads = 0
        self.evictions = 0

    def hit(self, endpoint: str, key_prefix: str, level: Level) -> None:
        self.told.append(f"{endpoint} {key_prefix} hit {level.value}")

    def miss(self, endpoint: str, key_prefix: str) -> None:
        self.told.append(f"{endpoint} {key_prefix} miss")

    def bypass(self, endpoint: str, key_prefix: str, why: Why) -> None:
        self.told.append(f"{endpoint} {key_prefix} bypass {why.value}")

    def loaded(self, endpoint: str, key_prefix: str, seconds: float) -> None:
        assert endpoint
        assert key_prefix
        assert seconds >= 0
        self.loads += 1

    def behind(self, endpoint: str, key_prefix: str, what: Behind) -> AbstractContextManager[object]:
        self.told.append(f"{endpoint} {key_prefix} {what.value} behind")
        return nullcontext()

    def evicted(self, entries: int) -> None:
        self.evictions += entries

    def audited(self, key_prefix: str, *, stale: bool) -> None:
        self.told.append(f"{key_prefix} audited {'stale' if stale else 'right'}")

    def operation(self, operation: str, status: str, seconds: float) -> None:
        assert seconds >= 0
        self.told.append(f"{operation} {status}")
