"""The contract of who counts. The engine says what happened; how it is exported is not its business."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from typing import Protocol


class Level(Enum):
    """Where a hit was found."""

    MEMORY = "memory"
    SHARED = "shared"


class Why(Enum):
    """Why an answer was computed and not kept."""

    DISTRUST = "distrust"  # the versions cannot be believed just now
    UNKEPT = "unkept"  # not a status, size or header that is kept


class Behind(Enum):
    """What is computed while nobody waits for it."""

    REFRESH = "refresh"  # an answer whose time ends soon
    AUDIT = "audit"  # a hit, to compare


class Observer(Protocol):
    """Each method is called once for what it names, and returns at once."""

    def hit(self, endpoint: str, key_prefix: str, level: Level) -> None: ...

    def miss(self, endpoint: str, key_prefix: str) -> None: ...

    def bypass(self, endpoint: str, key_prefix: str, why: Why) -> None: ...

    def loaded(self, endpoint: str, key_prefix: str, seconds: float) -> None:
        """A load that a miss or a refresh caused has ended."""

    def behind(self, endpoint: str, key_prefix: str, what: Behind) -> AbstractContextManager[object]:
        """A block, in a task of its own, in which an answer is computed behind others."""

    def evicted(self, entries: int) -> None:
        """The memory level let entries go to stay within its bound."""

    def audited(self, key_prefix: str, *, stale: bool) -> None:
        """A hit was computed again and compared."""

    def operation(self, operation: str, status: str, seconds: float) -> None:
        """A command to the shared store: `get`, `set`, `lease`, `release`, `scan`, `unlink`, `ping`; status `ok`,
        `error`, `timeout`, `refused` (the breaker is open: not sent), `garbage`."""


class Silent:
    """An observer that counts nothing."""

    def hit(self, endpoint: str, key_prefix: str, level: Level) -> None: ...

    def miss(self, endpoint: str, key_prefix: str) -> None: ...

    def bypass(self, endpoint: str, key_prefix: str, why: Why) -> None: ...

    def loaded(self, endpoint: str, key_prefix: str, seconds: float) -> None: ...

    def behind(self, endpoint: str, key_prefix: str, what: Behind) -> AbstractContextManager[object]:  # noqa: ARG002 - the contract names it
        return nullcontext()

    def evicted(self, entries: int) -> None: ...

    def audited(self, key_prefix: str, *, stale: bool) -> None: ...

    def operation(self, operation: str, status: str, seconds: float) -> None: ...
