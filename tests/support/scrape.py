"""A page of metrics as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from roadlens.observability.metrics import Metrics


@dataclass(frozen=True)
class Scrape:
    """The values by name and labels."""

    values: Mapping[tuple[str, frozenset[tuple[str, str]]], float]

    @classmethod
    def read(cls, page: str) -> Scrape:
        families = text_string_to_metric_families(page)
        samples = [sample for family in families for sample in family.samples]
        values = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}
        assert len(values) == len(samples), "a series is there twice"
        return cls(values)

    @classmethod
    def of(cls, metrics: Metrics) -> Scrape:
        return cls.read(metrics.page()[0].decode())

    def value(self, name: str, **labels: str) -> float:
        """Of one series; 0 if nobody counted it."""
        return self.values.get((name, frozenset(labels.items())), 0.0)

    def labels(self, name: str) -> list[dict[str, str]]:
        """Of all series of that name."""
        return [dict(labels) for found, labels in self.values if found == name]
