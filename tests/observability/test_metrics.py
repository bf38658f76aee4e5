"""The page of metrics, read as a scraper reads it."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from roadlens import __version__
from roadlens.observability.metrics import Metrics
from roadlens.observability.table import BOUNDS, TABLE, Kind, Over
from roadlens.observability.tally import Tally, cells_file
from roadlens.storage.change_feed.lease import now
from tests.support.scrape import Scrape


def test_every_metric_of_the_table_is_shown_before_it_is_counted() -> None:
    page = Metrics().page()[0].decode()
    for metric in TABLE:
        assert f"# TYPE {metric.name} {metric.kind.value}\n" in page
        assert f"# HELP {metric.name} {metric.help}\n" in page


def test_names_and_labels_that_others_chart() -> None:
    labels = {metric.name: metric.labels for metric in TABLE}
    assert len(labels) == len(TABLE)
    assert labels["cache_hits_total"] == labels["cache_misses_total"] == ("endpoint", "key_prefix")
    assert labels["cache_hit_rate"] == ("key_prefix",)
    assert labels["redis_operations_total"] == ("operation", "status")
    assert labels["redis_operation_duration_seconds"] == ("operation",)
    assert labels["http_requests_total"] == ("method", "endpoint", "status")
    assert labels["http_request_duration_seconds"] == ("method", "endpoint")
    assert labels["db_queries_total"] == labels["db_query_duration_seconds"] == ("operation",)
    assert labels["db_request_queries_total"] == ("operation",)


def test_counters_count() -> None:
    metrics = Metrics()
    requests = metrics.counters("http_requests_total")
    requests.add(("GET", "summary", 200))
    requests.add(("GET", "summary", 200))
    requests.add(("GET", "summary", 404), 5)
    metrics.counters("cache_evictions_total").add((), 3)
    seen = Scrape.of(metrics)
    assert seen.value("http_requests_total", method="GET", endpoint="summary", status="200") == 2
    assert seen.value("http_requests_total", method="GET", endpoint="summary", status="404") == 5
    assert seen.value("cache_evictions_total") == 3
    assert seen.value("worker_restarts_total") == 0


def test_a_counter_that_has_begun_is_shown_before_it_is_counted() -> None:
    metrics = Metrics()
    losses = metrics.counters("feed_losses_total").begin(("lease",), ("connection",))
    assert len(Scrape.of(metrics).labels("feed_losses_total")) == 2
    losses.add(("lease",))
    losses.begin(("lease",))
    assert Scrape.of(metrics).value("feed_losses_total", reason="lease") == 1


def test_a_duration_falls_into_its_bucket_and_all_wider_ones() -> None:
    metrics = Metrics()
    durations = metrics.durations("db_query_duration_seconds")
    for seconds in (0.0001, 0.0002, 0.03, 60.0):
        durations.add(("select",), seconds)
    seen = Scrape.of(metrics)
    buckets = [seen.value("db_query_duration_seconds_bucket", operation="select", le=str(bound)) for bound in BOUNDS]
    assert buckets == [1, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3]
    assert seen.value("db_query_duration_seconds_bucket", operation="select", le="+Inf") == 4
    assert seen.value("db_query_duration_seconds_count", operation="select") == 4
    assert seen.value("db_query_duration_seconds_sum", operation="select") == pytest.approx(60.0303)


def test_the_hit_rate_is_a_percentage_of_what_was_asked() -> None:
    metrics = Metrics()
    hits, misses = metrics.counters("cache_hits_total"), metrics.counters("cache_misses_total")
    assert "cache_hit_rate{" not in metrics.page()[0].decode()
    for endpoint, of, times in (("a", hits, 5), ("b", hits, 1), ("a", misses, 2)):
        of.add((endpoint, "drivers_list"), times)
    misses.add(("c", "risk_score"))
    seen = Scrape.of(metrics)
    assert seen.value("cache_hit_rate", key_prefix="drivers_list") == 75
    assert seen.value("cache_hit_rate", key_prefix="risk_score") == 0


def test_the_hit_rate_of_several_processes_is_that_of_their_sums(tmp_path: Path) -> None:
    one, two = (Metrics(Tally(cells_file(tmp_path, name))) for name in ("1", "2"))
    one.counters("cache_hits_total").add(("a", "drivers_list"), 99)
    two.counters("cache_misses_total").add(("a", "drivers_list"))
    assert Scrape.of(one).value("cache_hit_rate", key_prefix="drivers_list") == 99


def test_which_version_this_is() -> None:
    (labels,) = Scrape.of(Metrics()).labels("roadlens_build_info")
    assert labels == {"version": __version__, "python": platform.python_version()}


def test_openmetrics_for_who_accepts_it() -> None:
    metrics = Metrics()
    metrics.counters("cache_hits_total").add(("summary", 'a "quoted"\nprefix'))
    metrics.durations("db_query_duration_seconds").add(("select",), 0.1)
    page, media_type = metrics.page("application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert media_type.startswith("application/openmetrics-text; version=1.0.0")
    assert page.endswith(b"# EOF\n")
    families = list(read_openmetrics(page.decode()))  # type: ignore[no-untyped-call]  # its authors wrote no types
    assert len(families) == len(TABLE)
    page, media_type = metrics.page("*/*")
    assert media_type == "text/plain; version=0.0.4; charset=utf-8"
    assert len(list(read_text(page.decode()))) == len(TABLE)


def test_only_what_is_in_the_table_is_counted() -> None:
    with pytest.raises(KeyError):
        Metrics().counters("requests_of_somebody_else")
    assert {metric.kind for metric in TABLE} == set(Kind)


def test_a_gauge_shows_what_there_is_now_and_nothing_of_before() -> None:
    metrics = Metrics()
    entries = metrics.gauges("cache_entries")
    assert "cache_entries{" not in metrics.page()[0].decode()
    entries.show({("drivers_list",): 3, ("risk_score",): 5})
    entries.show({("drivers_list",): 4})
    seen = Scrape.of(metrics)
    assert seen.value("cache_entries", key_prefix="drivers_list") == 4
    assert {"key_prefix": "risk_score"} in seen.labels("cache_entries")
    assert seen.value("cache_entries", key_prefix="risk_score") == 0


def test_gauges_of_several_processes_are_one_number_each(tmp_path: Path) -> None:
    one, two = (Metrics(Tally(cells_file(tmp_path, name))) for name in ("1", "2"))
    for metrics, kept, size, moment in ((one, 3, 70, now() - 5), (two, 4, 60, now() - 500)):
        metrics.gauges("cache_entries").show({("drivers_list",): kept})
        metrics.gauges("db_size_bytes").show({(): size})
        metrics.gauges("feed_lease_age_seconds").show({(): moment})
        metrics.gauges("ingest_oldest_waiting_seconds").show({(): 0.0})
    seen = Scrape.of(one)
    assert seen.value("cache_entries", key_prefix="drivers_list") == 7
    assert seen.value("db_size_bytes") == 70
    assert 500 <= seen.value("feed_lease_age_seconds") < 600
    assert seen.value("ingest_oldest_waiting_seconds") == 0


def test_a_gauge_says_how_it_is_made_of_those_of_the_workers() -> None:
    computed = {"cache_hit_rate", "roadlens_build_info"}
    gauges = {metric.name: metric.over for metric in TABLE if metric.kind is Kind.GAUGE}
    assert {name for name, over in gauges.items() if over is Over.NONE} == computed
    assert {metric.over for metric in TABLE if metric.kind is not Kind.GAUGE} == {Over.NONE}


def test_a_histogram_without_labels_is_there_from_the_start() -> None:
    page = Metrics().page()[0].decode()
    assert "feed_settling_duration_seconds_count 0.0" in page
    assert 'feed_settling_duration_seconds_bucket{le="+Inf"} 0.0' in page
