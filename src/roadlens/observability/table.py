"""Every metric, in one table: its name, its kind, its labels, and what it is. Counts nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


class Over(Enum):
    """How a gauge of several workers is one number. Those that have died are not asked."""

    SUM = "the sum"
    MOST = "the highest"
    AGE = "the seconds since the earliest of their moments; 0 where none has one"
    NONE = "it is computed when it is asked for"


@dataclass(frozen=True, slots=True)
class Metric:
    """A line of the table."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    over: Over = Over.NONE


_CACHED: Final = ("endpoint", "key_prefix")
_COUNTER, _HISTOGRAM, _GAUGE = Kind.COUNTER, Kind.HISTOGRAM, Kind.GAUGE

# Others chart these names: a name or label that is here stays.
TABLE: Final = (
    Metric("cache_hits_total", _COUNTER, _CACHED, "Answers from the cache."),
    Metric("cache_shared_hits_total", _COUNTER, _CACHED, "Those of the hits that were found in Redis."),
    Metric("cache_misses_total", _COUNTER, _CACHED, "Answers computed and kept."),
    Metric("cache_bypasses_total", _COUNTER, (*_CACHED, "reason"), "Answers computed and not kept."),
    Metric("cache_hit_rate", _GAUGE, ("key_prefix",), "Hits of all hits and misses since the start, in per cent."),
    Metric("cache_load_duration_seconds", _HISTOGRAM, ("key_prefix",), "Computing an answer for the cache."),
    Metric("cache_evictions_total", _COUNTER, (), "Answers let go to stay within the bound of the memory."),
    Metric("cache_entries", _GAUGE, ("key_prefix",), "Answers kept in the memory of the workers.", Over.SUM),
    Metric("cache_bytes", _GAUGE, ("key_prefix",), "Bytes that these answers take.", Over.SUM),
    Metric("cache_limit_bytes", _GAUGE, (), "Bytes that they may take at most.", Over.SUM),
    Metric("cache_audits_total", _COUNTER, ("key_prefix",), "Hits computed again and compared."),
    Metric("cache_stale_answers_total", _COUNTER, ("key_prefix",), "Audited hits that an edit had made wrong."),
    Metric("redis_operations_total", _COUNTER, ("operation", "status"), "Commands to Redis."),
    Metric("redis_operation_duration_seconds", _HISTOGRAM, ("operation",), "Waiting for an answer of Redis."),
    Metric("redis_usable", _GAUGE, (), "Workers that use Redis now; absent without REDIS_HOST.", Over.SUM),
    Metric("feed_attached", _GAUGE, (), "Workers that trust their change feed now.", Over.SUM),
    Metric("feed_lease_age_seconds", _GAUGE, (), "Since the oldest lease of a worker was renewed.", Over.AGE),
    Metric("feed_losses_total", _COUNTER, ("reason",), "Feeds that were attached and lost it."),
    Metric("feed_settling_duration_seconds", _HISTOGRAM, (), "From an edit's commit until every worker knew of it."),
    Metric("http_requests_total", _COUNTER, ("method", "endpoint", "status"), "Requests answered."),
    Metric("http_request_duration_seconds", _HISTOGRAM, ("method", "endpoint"), "Answering a request."),
    Metric("rate_limited_requests_total", _COUNTER, ("by",), "Requests refused, for a user or an address."),
    Metric("db_queries_total", _COUNTER, ("operation",), "Statements that PostgreSQL has run."),
    Metric("db_request_queries_total", _COUNTER, ("operation",), "Those of the statements that a request ran."),
    Metric("db_query_duration_seconds", _HISTOGRAM, ("operation",), "Running a statement."),
    Metric("db_query_errors_total", _COUNTER, ("reason",), "Statements and connections that failed."),
    Metric("db_connections", _GAUGE, ("state",), "Connections of the pools.", Over.SUM),
    Metric("db_connections_limit", _GAUGE, (), "Connections that the pools may have at most.", Over.SUM),
    Metric("db_size_bytes", _GAUGE, (), "Size of the database.", Over.MOST),
    Metric("data_disk_free_bytes", _GAUGE, (), "Free on the disk of the embedded database.", Over.MOST),
    Metric("data_disk_size_bytes", _GAUGE, (), "Size of that disk.", Over.MOST),
    Metric("ingest_positions_total", _COUNTER, ("result",), "Positions that came in over HTTP."),
    Metric("ingest_commit_duration_seconds", _HISTOGRAM, ("kind",), "From taking positions until they were stored."),
    Metric("ingest_waiting", _GAUGE, ("kind",), "Single positions and batches that wait to be stored.", Over.SUM),
    Metric("ingest_oldest_waiting_seconds", _GAUGE, (), "How long the oldest single position has waited.", Over.AGE),
    Metric("ingest_refused_total", _COUNTER, ("kind", "reason"), "Single positions and batches refused for now."),
    Metric("retention_last_run_timestamp_seconds", _GAUGE, (), "When retention last succeeded.", Over.MOST),
    Metric("workers_wanted", _GAUGE, (), "Worker processes that there should be.", Over.MOST),
    Metric("workers_alive", _GAUGE, (), "Worker processes that answer.", Over.SUM),
    Metric("log_lines_dropped_total", _COUNTER, (), "Lines of the log that nobody took in time."),
    Metric("worker_restarts_total", _COUNTER, (), "Worker processes that ended by themselves."),
    Metric("event_loop_delay_seconds", _HISTOGRAM, (), "How late a worker's event loop woke up, tried each second."),
    Metric("process_cpu_seconds_total", _COUNTER, (), "Processor time that the workers have used."),
    Metric("process_resident_memory_bytes", _GAUGE, (), "Memory of the workers.", Over.SUM),
    Metric("process_open_fds", _GAUGE, (), "Open files and connections of the workers.", Over.SUM),
    Metric("roadlens_build_info", _GAUGE, ("version", "python"), "Always 1; which version this is."),
)

# Seconds. A hit takes some 50 µs, a miss some ms; a request that waits for a commit and a lease some seconds.
BOUNDS: Final = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
