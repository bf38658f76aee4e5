"""Counts what became of the positions that came in live, and how long their senders waited."""

from __future__ import annotations

from itertools import product
from typing import get_args

from roadlens.observability.metrics import Metrics
from roadlens.telemetry.delivery import Outcome
from roadlens.telemetry.observer import Kind, Refusal


class IngestMetrics:
    """An `Observer` of the collector."""

    def __init__(self, metrics: Metrics) -> None:
        self._positions = metrics.counters("ingest_positions_total").begin(("kept",))
        self._durations = metrics.durations("ingest_commit_duration_seconds")
        self._refused = metrics.counters("ingest_refused_total").begin(*product(get_args(Kind), get_args(Refusal)))

    def stored(self, outcome: Outcome) -> None:
        self._positions.add(("kept",), outcome.kept)
        for reason, times in outcome.dropped.items():
            self._positions.add((reason.value,), times)

    def committed(self, kind: Kind, seconds: float) -> None:
        self._durations.add((kind,), seconds)

    def refused(self, kind: Kind, why: Refusal) -> None:
        self._refused.add((kind, why))
