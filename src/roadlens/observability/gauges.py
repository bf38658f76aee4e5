"""What there is to look at in a worker that answers: each look shows one part of it, and asks nobody else."""

from __future__ import annotations

import os
import time
from pathlib import Path

from roadlens.cache.engine import Cache
from roadlens.observability.metrics import Metrics
from roadlens.observability.output import Output
from roadlens.observability.present import Look
from roadlens.storage.change_feed.feed import ChangeFeed
from roadlens.storage.change_feed.lease import now
from roadlens.storage.database import Database
from roadlens.telemetry.collector import Collector

# proc(5): the second number is the resident set, in pages.
_MEMORY = Path("/proc/self/statm")
_OPEN = Path("/proc/self/fd")


def workers(metrics: Metrics, wanted: int) -> Look:
    """That this one is there, and how many there should be."""
    alive, all_of_them = metrics.gauges("workers_alive"), metrics.gauges("workers_wanted")

    def look() -> None:
        alive.show({(): 1.0})
        all_of_them.show({(): wanted})

    return look


def cache(metrics: Metrics, observed: Cache, *, shares: bool) -> Look:
    """What the memory holds; and whether Redis is used, where there is to be one."""
    entries, sizes = metrics.gauges("cache_entries"), metrics.gauges("cache_bytes")
    limit, usable = metrics.gauges("cache_limit_bytes"), metrics.gauges("redis_usable")

    def look() -> None:
        contents = observed.memory.contents()
        entries.show({(prefix,): count for prefix, (count, _) in contents.items()})
        sizes.show({(prefix,): size for prefix, (_, size) in contents.items()})
        limit.show({(): observed.memory.limit})
        if shares:
            usable.show({(): float(observed.shared.usable)})

    return look


def feed(metrics: Metrics, observed: ChangeFeed) -> Look:
    """Whether versions are trusted, and since when they are not renewed; at first, since this was made."""
    attached, age = metrics.gauges("feed_attached"), metrics.gauges("feed_lease_age_seconds")
    began = now()

    def look() -> None:
        attached.show({(): float(observed.trusted())})
        age.show({(): began if observed.renewed_at is None else observed.renewed_at})

    return look


def database(metrics: Metrics, observed: Database) -> Look:
    """How the pool is used."""
    states, limit = metrics.gauges("db_connections"), metrics.gauges("db_connections_limit")

    def look() -> None:
        in_use, idle, most = observed.connections
        states.show({("in_use",): in_use, ("idle",): idle})
        limit.show({(): most})

    return look


def ingest(metrics: Metrics, observed: Collector) -> Look:
    """What waits to be stored."""
    waiting, oldest = metrics.gauges("ingest_waiting"), metrics.gauges("ingest_oldest_waiting_seconds")

    def look() -> None:
        waiting.show({("single",): observed.waiting, ("batch",): observed.batches})
        oldest.show({(): observed.waiting_since or 0.0})

    return look


def process(metrics: Metrics) -> Look:
    """What this process takes of the machine; on a system without /proc its processor time alone."""
    memory, files = metrics.gauges("process_resident_memory_bytes"), metrics.gauges("process_open_fds")
    used, page_size = metrics.counters("process_cpu_seconds_total"), os.sysconf("SC_PAGE_SIZE")
    counted = 0.0

    def look() -> None:
        nonlocal counted
        seconds = time.process_time()
        used.add((), seconds - counted)
        counted = seconds
        if _MEMORY.exists():
            memory.show({(): int(_MEMORY.read_text().split()[1]) * page_size})
            files.show({(): sum(1 for _ in _OPEN.iterdir())})

    return look


def log(metrics: Metrics, output: Output | None) -> Look:
    """Lines of the log that were dropped: counted here, for a request has no part in them."""
    lost, counted = metrics.counters("log_lines_dropped_total"), 0

    def look() -> None:
        nonlocal counted
        if output is not None:
            dropped = output.dropped
            lost.add((), dropped - counted)
            counted = dropped

    return look


class Retained:
    """Told when retention has succeeded. Where it is wanted and has not yet, the server's start stands for that."""

    def __init__(self, metrics: Metrics, *, wanted: bool) -> None:
        self._last_run = metrics.gauges("retention_last_run_timestamp_seconds")
        if wanted:
            self()

    def __call__(self) -> None:
        self._last_run.show({(): time.time()})
