"""The numbers of an instance as families of Prometheus's, in the order of the table. Reads no file."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from roadlens import __version__
from roadlens.observability.table import BOUNDS, TABLE, Kind, Metric, Over
from roadlens.observability.tally import Series
from roadlens.storage.change_feed.lease import now

Values = Iterable[tuple[tuple[str, ...], float]]


class Shown(Collector):
    """Those that nobody counted yet are shown without a value."""

    def __init__(self, numbers: Mapping[Series, list[float]], present: Sequence[Mapping[Series, list[float]]]) -> None:
        """`numbers` are sums over the processes; `present` is what is so now in each of those that live."""
        self._numbers = numbers
        self._present = present

    def collect(self) -> Iterator[Family]:
        for metric in TABLE:
            if metric.name == "cache_hit_rate":
                yield _gauge(metric, self._hit_rates())
            elif metric.name == "roadlens_build_info":
                yield _gauge(metric, [((__version__, platform.python_version()), 1.0)])
            elif metric.kind is Kind.GAUGE:
                yield _gauge(metric, self._now(metric))
            elif metric.kind is Kind.COUNTER:
                yield self._counter(metric)
            else:
                yield self._histogram(metric)

    def _of(self, name: str) -> dict[tuple[str, ...], list[float]]:
        return {series[1:]: numbers for series, numbers in self._numbers.items() if series[0] == name}

    def _counted(self, metric: Metric, width: int) -> Iterable[tuple[tuple[str, ...], list[float]]]:
        # What has no labels is there from the start: a rate over it then knows its first rise.
        start = {} if metric.labels else {(): [0.0] * width}
        return (self._of(metric.name) or start).items()

    def _counter(self, metric: Metric) -> Family:
        family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, (value,) in self._counted(metric, 1):
            family.add_metric(labels, value)
        return family

    def _histogram(self, metric: Metric) -> Family:
        family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, (total, *counts) in self._counted(metric, 1 + len(BOUNDS) + 1):
            until = 0.0
            buckets = []
            for bound, count in zip((*BOUNDS, inf), counts, strict=True):
                until += count
                buckets.append(("+Inf" if bound == inf else str(bound), until))
            family.add_metric(labels, buckets, total)
        return family

    def _now(self, metric: Metric) -> Values:
        found: dict[tuple[str, ...], list[float]] = defaultdict(list)
        for process in self._present:
            for series, (value,) in process.items():
                if series[0] == metric.name:
                    found[series[1:]].append(value)
        return [(labels, _as_one(values, metric.over)) for labels, values in found.items()]

    def _hit_rates(self) -> Values:
        hits: dict[str, float] = {}
        asked: dict[str, float] = {}
        for name, counts in (("cache_hits_total", True), ("cache_misses_total", False)):
            for (_endpoint, prefix), (value,) in self._of(name).items():
                hits[prefix] = hits.get(prefix, 0.0) + value * counts
                asked[prefix] = asked.get(prefix, 0.0) + value
        return [((prefix,), 100.0 * hits[prefix] / asked[prefix]) for prefix in asked if asked[prefix]]


def _as_one(values: Sequence[float], over: Over) -> float:
    if over is Over.SUM:
        return sum(values)
    if over is Over.MOST:
        return max(values)
    return max([now() - value for value in values if value], default=0.0)


def _gauge(metric: Metric, values: Values) -> Family:
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family
