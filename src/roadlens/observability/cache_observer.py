"""Counts what the cache says that it did. The cache knows no metric; this knows nothing of how the cache works."""

from __future__ import annotations

from contextlib import AbstractContextManager

from roadlens.cache.history import Counted
from roadlens.cache.observer import Behind, Level, Why
from roadlens.observability.journal import Journal
from roadlens.observability.metrics import Metrics

# Commands that were not sent took no time of Redis.
_NOT_SENT = "refused"


def hits_and_misses(metrics: Metrics) -> dict[str, Counted]:
    """Of all workers of the instance, by key prefix."""
    hits, misses = (metrics.sums(f"cache_{kind}_total", "key_prefix") for kind in ("hits", "misses"))
    return {prefix: Counted(int(hits.get(prefix, 0)), int(misses.get(prefix, 0))) for prefix in {*hits, *misses}}


class CacheMetrics:
    """An `Observer` of the cache."""

    def __init__(self, metrics: Metrics, journal: Journal | None = None) -> None:
        self._journal = journal or Journal()
        self._hits = metrics.counters("cache_hits_total")
        self._shared_hits = metrics.counters("cache_shared_hits_total")
        self._misses = metrics.counters("cache_misses_total")
        self._bypasses = metrics.counters("cache_bypasses_total")
        self._loads = metrics.durations("cache_load_duration_seconds")
        self._evictions = metrics.counters("cache_evictions_total")
        self._audits = metrics.counters("cache_audits_total")
        self._stale = metrics.counters("cache_stale_answers_total")
        self._operations = metrics.counters("redis_operations_total")
        self._waits = metrics.durations("redis_operation_duration_seconds")

    def hit(self, endpoint: str, key_prefix: str, level: Level) -> None:
        self._hits.add((endpoint, key_prefix))
        if level is Level.SHARED:
            self._shared_hits.add((endpoint, key_prefix))
            self._misses.begin((endpoint, key_prefix))

    def miss(self, endpoint: str, key_prefix: str) -> None:
        self._misses.add((endpoint, key_prefix))
        # A rate of hits needs both: so each begins with the other. What memory has was a miss once, or a shared hit.
        self._hits.begin((endpoint, key_prefix))

    def bypass(self, endpoint: str, key_prefix: str, why: Why) -> None:
        self._bypasses.add((endpoint, key_prefix, why.value))

    def loaded(self, endpoint: str, key_prefix: str, seconds: float) -> None:  # noqa: ARG002 - the contract names it
        self._loads.add((key_prefix,), seconds)

    def behind(self, endpoint: str, key_prefix: str, what: Behind) -> AbstractContextManager[object]:  # noqa: ARG002 - the contract names it
        return self._journal.behind(what.value, endpoint)

    def evicted(self, entries: int) -> None:
        self._evictions.add((), entries)

    def audited(self, key_prefix: str, *, stale: bool) -> None:
        self._audits.add((key_prefix,))
        self._stale.begin((key_prefix,))
        if stale:
            self._stale.add((key_prefix,))

    def operation(self, operation: str, status: str, seconds: float) -> None:
        self._operations.add((operation, status))
        if status != _NOT_SENT:
            self._waits.add((operation,), seconds)
