"""What the cache says, as numbers."""

from __future__ import annotations

from roadlens.cache.observer import Level, Observer, Why
from roadlens.observability.cache_observer import CacheMetrics
from roadlens.observability.metrics import Metrics
from tests.support.scrape import Scrape


def test_hits_and_misses_are_there_from_the_first_answer_on() -> None:
    metrics = Metrics()
    observer = CacheMetrics(metrics)
    observer.miss("summary", "dashboard_summary")
    observer.hit("events", "events_list", Level.SHARED)
    seen = Scrape.of(metrics)
    assert {labels["key_prefix"] for labels in seen.labels("cache_hits_total")} == {"dashboard_summary", "events_list"}
    assert {labels["key_prefix"] for labels in seen.labels("cache_misses_total")} == {
        "dashboard_summary",
        "events_list",
    }
    assert seen.value("cache_hit_rate", key_prefix="dashboard_summary") == 0
    assert seen.value("cache_hit_rate", key_prefix="events_list") == 100


def test_each_saying_is_counted_where_it_belongs() -> None:
    metrics = Metrics()
    observer: Observer = CacheMetrics(metrics)
    observer.hit("summary", "dashboard_summary", Level.MEMORY)
    observer.hit("summary", "dashboard_summary", Level.SHARED)
    observer.miss("summary", "dashboard_summary")
    for why in Why:
        observer.bypass("summary", "dashboard_summary", why)
    observer.loaded("summary", "dashboard_summary", 0.02)
    observer.evicted(7)
    observer.audited("dashboard_summary", stale=False)
    observer.audited("dashboard_summary", stale=True)
    observer.operation("get", "ok", 0.001)
    observer.operation("get", "refused", 0.0)

    seen = Scrape.of(metrics)
    answer = {"endpoint": "summary", "key_prefix": "dashboard_summary"}
    assert seen.value("cache_hits_total", **answer) == 2
    assert seen.value("cache_shared_hits_total", **answer) == 1
    assert seen.value("cache_misses_total", **answer) == 1
    assert [seen.value("cache_bypasses_total", reason=why.value, **answer) for why in Why] == [1] * len(Why)
    assert seen.value("cache_load_duration_seconds_sum", key_prefix="dashboard_summary") == 0.02
    assert seen.value("cache_evictions_total") == 7
    assert seen.value("cache_audits_total", key_prefix="dashboard_summary") == 2
    assert seen.value("cache_stale_answers_total", key_prefix="dashboard_summary") == 1
    assert seen.value("redis_operations_total", operation="get", status="ok") == 1
    assert seen.value("redis_operations_total", operation="get", status="refused") == 1
    # What was never sent did not wait.
    assert seen.value("redis_operation_duration_seconds_count", operation="get") == 1
