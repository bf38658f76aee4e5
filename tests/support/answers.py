"""The model of what may be answered: whatever is between the last acknowledged edit and now, and within the time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from roadlens.cache.engine import Found


@dataclass
class Read:
    """A read under way, and what it may not answer any more."""

    worker: int
    task: asyncio.Task[Found]
    edits: int
    telemetry: int


@dataclass
class Model:
    """What the database holds: edits, told to the workers by a tag, and telemetry, told by nobody.

    Attributes:
        ttl: seconds.
        acknowledged: the last edit that its writer was told of as done.
        passed: seconds that have passed, beside real ones.
        seen: when each state of telemetry came about.
    """

    ttl: float
    edits: int = 0
    acknowledged: int = 0
    telemetry: int = 0
    passed: float = 0.0
    seen: list[float] = field(default_factory=lambda: [0.0])

    def oldest_telemetry(self) -> int:
        """The oldest state that may still be answered: the one that stood a TTL ago."""
        return max((number for number, since in enumerate(self.seen) if since <= self.passed - self.ttl), default=0)
