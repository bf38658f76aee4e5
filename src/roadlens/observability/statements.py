"""Counts and times SQL statements by what they do, as their first word says it, and those of requests apart.

Reads no further in them. Who shares a transaction with others, as live positions do, has no request of its own here.
"""

from __future__ import annotations

from functools import lru_cache

from roadlens.observability.metrics import Metrics
from roadlens.observability.under_way import current_work
from roadlens.storage.failures import Failure

_OPERATIONS = frozenset({"select", "insert", "update", "delete", "copy", "with"})


class StatementMetrics:
    """What `Database.observe` takes."""

    def __init__(self, metrics: Metrics) -> None:
        self._queries = metrics.counters("db_queries_total")
        self._of_requests = metrics.counters("db_request_queries_total")
        self._durations = metrics.durations("db_query_duration_seconds")
        self._errors = metrics.counters("db_query_errors_total").begin(*((kind.value,) for kind in Failure))

    def __call__(self, statement: str, seconds: float) -> None:
        labels = _labels(statement)
        self._queries.add(labels)
        work = current_work.get()
        if work is not None and work.id:
            self._of_requests.add(labels)
        self._durations.add(labels, seconds)

    def failed(self, kind: Failure) -> None:
        """What `Database.observe_failures` takes."""
        self._errors.add((kind.value,))


# As many as the parsed statements that the storage keeps.
@lru_cache(maxsize=512)
def _labels(statement: str) -> tuple[str]:
    words = statement.split(None, 1)
    word = words[0].lower() if words else ""
    return (word if word in _OPERATIONS else "other",)
