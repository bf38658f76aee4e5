"""The contract of what the cache must know of versions: which are current, and whether that may be believed now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Versions(Protocol):
    """A worker's view of the tags."""

    @property
    def epoch(self) -> int:
        """Another number after every change of any version: what was put together at the same epoch still holds."""

    def trusted(self) -> bool:
        """Whether no change that was acknowledged to a writer can be missing. Asked in each request, so it is cheap."""

    def of(self, tags: Sequence[str]) -> tuple[str, ...]:
        """The current version of each tag, such as `41-9f3c2a10`; `0` of one that never changed."""
