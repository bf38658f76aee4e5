"""Counts what became of the positions that came in live."""

from __future__ import annotations

from roadlens.observability.metrics import Metrics
from roadlens.telemetry.delivery import Outcome


class IngestMetrics:
    """What a `Collector` tells its outcomes to."""

    def __init__(self, metrics: Metrics) -> None:
        self._positions = metrics.counters("ingest_positions_total")

    def __call__(self, outcome: Outcome) -> None:
        self._positions.add(("kept",), outcome.kept)
        for reason, times in outcome.dropped.items():
            self._positions.add((reason.value,), times)
