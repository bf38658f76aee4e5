"""Every metric in one table, the objects that count them, and how they are shown. Who calls those is not known here."""

from __future__ import annotations

import platform
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from roadlens import __version__
from roadlens.observability.tally import Series, Tally


class Kind(Enum):
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"  # computed when it is asked for


@dataclass(frozen=True, slots=True)
class Metric:
    """A line of the table."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


_CACHED: Final = ("endpoint", "key_prefix")

# Others chart these names: a name or label that is here stays.
TABLE: Final = (
    Metric("cache_hits_total", Kind.COUNTER, _CACHED, "Answers from the cache."),
    Metric("cache_shared_hits_total", Kind.COUNTER, _CACHED, "Those of the hits that were found in Redis."),
    Metric("cache_misses_total", Kind.COUNTER, _CACHED, "Answers computed and kept."),
    Metric("cache_bypasses_total", Kind.COUNTER, (*_CACHED, "reason"), "Answers computed and not kept."),
    Metric("cache_hit_rate", Kind.GAUGE, ("key_prefix",), "Hits of all hits and misses since the start, in per cent."),
    Metric("cache_load_duration_seconds", Kind.HISTOGRAM, ("key_prefix",), "Computing an answer for the cache."),
    Metric("cache_evictions_total", Kind.COUNTER, (), "Answers let go to stay within the bound of the memory."),
    Metric("cache_audits_total", Kind.COUNTER, ("key_prefix",), "Hits computed again and compared."),
    Metric("cache_stale_answers_total", Kind.COUNTER, ("key_prefix",), "Audited hits that an edit had made wrong."),
    Metric("redis_operations_total", Kind.COUNTER, ("operation", "status"), "Commands to Redis."),
    Metric("redis_operation_duration_seconds", Kind.HISTOGRAM, ("operation",), "Waiting for an answer of Redis."),
    Metric("http_requests_total", Kind.COUNTER, ("method", "endpoint", "status"), "Requests answered."),
    Metric("http_request_duration_seconds", Kind.HISTOGRAM, ("method", "endpoint"), "Answering a request."),
    Metric("db_queries_total", Kind.COUNTER, ("operation",), "Statements that PostgreSQL has run."),
    Metric("db_request_queries_total", Kind.COUNTER, ("operation",), "Those of the statements that a request ran."),
    Metric("db_query_duration_seconds", Kind.HISTOGRAM, ("operation",), "Running a statement."),
    Metric("ingest_positions_total", Kind.COUNTER, ("result",), "Positions that came in over HTTP."),
    Metric("worker_restarts_total", Kind.COUNTER, (), "Worker processes that ended by themselves."),
    Metric("roadlens_build_info", Kind.GAUGE, ("version", "python"), "Always 1; which version this is."),
)

# Seconds. A hit takes some 50 µs, a miss some ms; a request that waits for a commit and a lease some seconds.
BOUNDS: Final = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
_WIDTH: Final = {Kind.COUNTER: 1, Kind.HISTOGRAM: 1 + len(BOUNDS) + 1}


class Counters:
    """A counter for each combination of label values."""

    __slots__ = ("_cells", "_name", "_places", "_tally")

    def __init__(self, tally: Tally, name: str) -> None:
        self._tally = tally
        self._cells = tally.cells
        self._name = name
        self._places: dict[tuple[object, ...], int] = {}

    def add(self, labels: tuple[object, ...] = (), amount: float = 1.0) -> None:
        """The values of the labels, in the table's order; they must be of few kinds."""
        place = self._places.get(labels)
        if place is None:
            place = self._places[labels] = self._tally.place(_series(self._name, labels), 1)
        self._cells[place] += amount


class Durations:
    """A histogram of seconds for each combination of label values: their sum, then how many fell into each bucket."""

    __slots__ = ("_cells", "_name", "_places", "_tally")

    def __init__(self, tally: Tally, name: str) -> None:
        self._tally = tally
        self._cells = tally.cells
        self._name = name
        self._places: dict[tuple[object, ...], int] = {}

    def add(self, labels: tuple[object, ...], seconds: float) -> None:
        place = self._places.get(labels)
        if place is None:
            width = _WIDTH[Kind.HISTOGRAM]
            place = self._places[labels] = self._tally.place(_series(self._name, labels), width)
        self._cells[place] += seconds
        self._cells[place + 1 + bisect_left(BOUNDS, seconds)] += 1.0


class Metrics:
    """The numbers of this process, and the page that shows those of the instance."""

    def __init__(self, tally: Tally | None = None) -> None:
        self._tally = tally or Tally()
        self._kinds = {metric.name: metric.kind for metric in TABLE}

    def counters(self, name: str) -> Counters:
        """Those of a counter in the table."""
        assert self._kinds[name] is Kind.COUNTER
        return Counters(self._tally, name)

    def durations(self, name: str) -> Durations:
        """Those of a histogram in the table."""
        assert self._kinds[name] is Kind.HISTOGRAM
        return Durations(self._tally, name)

    def sums(self, name: str, label: str) -> dict[str, float]:
        """A counter of the instance, summed up by the values of one of its labels."""
        place = next(metric.labels.index(label) for metric in TABLE if metric.name == name)
        sums: dict[str, float] = {}
        for series, (value,) in [(found, cells) for found, cells in self._tally.read().items() if found[0] == name]:
            sums[series[1 + place]] = sums.get(series[1 + place], 0.0) + value
        return sums

    def page(self, accept: str = "") -> tuple[bytes, str]:
        """All metrics as a scraper reads them, and the media type: OpenMetrics for who accepts it, else plain text."""
        encode, media_type = choose_encoder(accept)
        return encode(_Shown(self._tally.read())), media_type


class _Shown(Collector):
    """The numbers as families, in the order of the table; those that nobody counted yet are shown without a value."""

    def __init__(self, numbers: Mapping[Series, list[float]]) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[Family]:
        for metric in TABLE:
            if metric.name == "cache_hit_rate":
                yield _gauge(metric, self._hit_rates())
            elif metric.name == "roadlens_build_info":
                yield _gauge(metric, [((__version__, platform.python_version()), 1.0)])
            elif metric.kind is Kind.COUNTER:
                yield self._counter(metric)
            else:
                yield self._histogram(metric)

    def _of(self, name: str) -> Iterator[tuple[tuple[str, ...], list[float]]]:
        return ((series[1:], numbers) for series, numbers in self._numbers.items() if series[0] == name)

    def _counter(self, metric: Metric) -> Family:
        family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
        # What has no labels is there from the start: a rate over it then knows its first rise.
        for labels, (value,) in [*self._of(metric.name)] or ([] if metric.labels else [((), [0.0])]):
            family.add_metric(labels, value)
        return family

    def _histogram(self, metric: Metric) -> Family:
        family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, (total, *counts) in self._of(metric.name):
            until = 0.0
            buckets = []
            for bound, count in zip((*BOUNDS, inf), counts, strict=True):
                until += count
                buckets.append(("+Inf" if bound == inf else str(bound), until))
            family.add_metric(labels, buckets, total)
        return family

    def _hit_rates(self) -> Iterable[tuple[tuple[str, ...], float]]:
        hits: dict[str, float] = {}
        asked: dict[str, float] = {}
        for name, counts in (("cache_hits_total", True), ("cache_misses_total", False)):
            for (_endpoint, prefix), (value,) in self._of(name):
                hits[prefix] = hits.get(prefix, 0.0) + value * counts
                asked[prefix] = asked.get(prefix, 0.0) + value
        return [((prefix,), 100.0 * hits[prefix] / asked[prefix]) for prefix in asked if asked[prefix]]


def _gauge(metric: Metric, values: Iterable[tuple[tuple[str, ...], float]]) -> Family:
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family


def _series(name: str, labels: tuple[object, ...]) -> Series:
    return (name, *map(str, labels))
