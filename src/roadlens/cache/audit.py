"""The cache audits itself: some hits are computed again and compared, and what no clock explains is counted.

An answer may differ from what is true now for two good reasons: its tags have changed since, or telemetry has, which is
seen within the TTL. So the tags' versions are read in the snapshot of the computation, and only what edits change is
compared.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from roadlens.cache.engine import Cache
from roadlens.cache.entry import Entry
from roadlens.cache.keys import Key, without_parameters
from roadlens.cache.loading import computing_anew
from roadlens.cache.observer import Behind, Observer

# What the application is told: whose versions to read in the snapshot it computes from.
SNAPSHOT: Final = "roadlens.cache_snapshot"

# Seconds between two audits at least.
_PAUSE_S: Final = 1.0

_REMEMBERED: Final = 20

# What says something about the data; others tell that it could not be asked.
_ANSWERS: Final = (200, 404, 410)

logger = logging.getLogger(__name__)

Compute = Callable[..., Awaitable[Entry]]


@dataclass(slots=True)
class Snapshot:
    """The tags to read, and their versions as whoever computes found them."""

    tags: tuple[str, ...]
    versions: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A kept answer that should not have been: which, the values that differ by name, and the ETags of both."""

    at: datetime
    key: str
    differing: tuple[str, ...]
    kept: str
    computed: str


@dataclass(slots=True)
class Audit:
    """The auditor of one worker.

    Attributes:
        every: hits from one audit to the next, at least.
        done: audits that came to a verdict.
        findings: the last ones.
        stale: how many there were in all.
    """

    cache: Cache
    observer: Observer
    every: int
    done: int = 0
    stale: int = 0
    findings: deque[Finding] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _left: int = 0
    _last: float = 0.0

    def due(self) -> bool:
        """Count one hit; True for the one to audit."""
        self._left -= 1
        if self._left > 0:
            return False
        now = time.monotonic()
        if now - self._last < _PAUSE_S:
            return False
        self._left, self._last = self.every, now
        return True

    def begin(self, key: Key, entry: Entry, compute: Compute) -> None:
        """Compute a hit's answer again behind it, and compare."""
        if key.policy.edited is not None:
            self.cache.behind(self._compare(key, key.at(self.cache.versions), entry, compute))

    async def _compare(self, key: Key, text: str, entry: Entry, compute: Compute) -> None:
        snapshot = Snapshot(key.tags)
        try:
            with computing_anew(), self.observer.behind(key.endpoint, key.policy.key_prefix, Behind.AUDIT):
                fresh = await compute(**{SNAPSHOT: snapshot})
        except Exception:
            logger.debug("The audit of %s could not compute it", without_parameters(text), exc_info=True)
            return
        if snapshot.versions is None or key.with_versions(snapshot.versions) != text:
            return
        if fresh.status not in _ANSWERS:
            return
        kept, computed = _edited(key, entry), _edited(key, fresh) if fresh.status == 200 else {}
        common = kept.keys() & computed.keys() if fresh.status == 200 else kept.keys()
        differing = sorted(name for name in common if name not in computed or kept[name] != computed[name])
        self.done += 1
        self.observer.audited(key.policy.key_prefix, stale=bool(differing))
        if differing:
            self._found(Finding(datetime.now(UTC), text, tuple(differing), entry.etag.decode(), fresh.etag.decode()))

    def _found(self, finding: Finding) -> None:
        self.stale += 1
        self.findings.append(finding)
        logger.error(
            "A kept answer is stale, which must never be: please report it. `roadlens cache clear '*'` drops all. "
            "Under %s the answer %s is kept, and %s is right; they differ in %s.",
            without_parameters(finding.key),
            finding.kept,
            finding.computed,
            ", ".join(finding.differing),
        )


def _edited(key: Key, entry: Entry) -> Mapping[str, object]:
    assert key.policy.edited is not None
    return key.policy.edited(json.loads(entry.body))
