"""A real Prometheus beside two workers: what it computes, and what it notices when something breaks."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import psycopg
import pytest

from tests.support.installation import Installation
from tests.support.pair import Pair, opened_pair
from tests.support.prometheus import Prometheus, running_prometheus
from tests.support.rules import DASHBOARD, alerts, asked_by_panels, rules
from tests.support.valkey import Valkey, running_valkey
from tests.support.workers import stopped, workers_of

pytestmark = pytest.mark.system

SUMMARY = "/admin/dashboard/summary"
READ = (SUMMARY, "/admin/dashboard/stats", "/admin/drivers", "/admin/events", "/admin/vehicles", "/admin/trips")
HITS, MISSES = (f"sum(rate(cache_{kind}_total[5m])) by (key_prefix)" for kind in ("hits", "misses"))
HIT_RATE = f"{HITS} / ({HITS} + {MISSES})"

# Alerts that depend on nothing but what is there: on a busy machine one that is about time may fire, and be right.
NEVER_AT_REST = {
    "RoadlensDown",
    "RoadlensFewerWorkers",
    "RoadlensStaleAnswers",
    "RoadlensRedisDown",
    "RoadlensFeedDetached",
    "RoadlensIngestRefused",
    "RoadlensDatabaseAway",
    "RoadlensConnectionsScarce",
    "RoadlensRetentionLate",
}

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with running_valkey(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def pair(redis: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two workers over an embedded PostgreSQL and a Redis, with retention and an audit: all that has a number."""
    settings = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis.port), "ROADLENS_WORKERS": "2"}
    settings |= {"ROADLENS_CACHE_AUDIT": "1", "ROADLENS_POSITION_RETENTION_DAYS": "3650"}
    settings |= {"ROADLENS_AUTO_REGISTER": "1"}
    with opened_pair(Installation(tmp_path_factory.mktemp("pair") / "data", settings)) as opened:
        opened.workers[0].edit("POST", "/admin/drivers", {"driver_id": "DRV-0001", "first_name": "A", "last_name": "B"})
        yield opened


@pytest.fixture(scope="module")
def sender(pair: Pair) -> Iterator[httpx.Client]:
    """Who sends positions."""
    found = re.search(r"rlt_\S+", pair.installation.run("tokens", "create", "tracker"))
    assert found is not None
    headers = {"Authorization": f"Bearer {found[0]}"}
    with httpx.Client(base_url=pair.workers[0].base_url, headers=headers, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def prometheus(pair: Pair, sender: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """It comes when there has been some traffic, so that what is counted later is no more than that."""
    for _ in range(3):
        traffic(pair, sender)
    url = pair.workers[0].base_url
    with running_prometheus(tmp_path_factory.mktemp("prometheus") / "of_pair", f"{url.host}:{url.port}") as opened:
        opened.until(
            lambda: (opened.value('count_over_time(up{job="roadlens"}[1m])') or 0) >= 2, "it has scraped twice"
        )
        yield opened


def traffic(pair: Pair, sender: httpx.Client) -> None:
    """An edit and a position; then everything is asked for at each worker, and asked again."""
    number = next(NUMBERS)
    pair.workers[0].edit("PATCH", "/admin/drivers/DRV-0001", {"city": f"City {number}"})
    at = {"fixTime": f"2026-01-20T14:{number // 60:02}:{number % 60:02}Z", "valid": True, "speed": 20}
    forward = {"position": {**at, "latitude": 41.25, "longitude": -95.98}, "device": {"uniqueId": "d1", "name": "Van"}}
    assert sender.post("ingest/traccar", json=forward).is_success
    assert sender.post("ingest/positions", json=[forward]).is_success
    for worker, path, _ in itertools.product(pair.workers, READ, range(3)):
        worker.json(path)


def counted(pair: Pair, kind: str, prefix: str) -> float:
    page = pair.scrape()
    name = f"cache_{kind}_total"
    return sum(page.value(name, **found) for found in page.labels(name) if found["key_prefix"] == prefix)


def test_the_hit_rate_that_others_chart_is_that_of_the_counters(
    pair: Pair, sender: httpx.Client, prometheus: Prometheus
) -> None:
    """1. All is quiet, and scraped. 2. Some traffic; the counters say how much. 3. The rate is theirs."""
    prefixes = ("dashboard_summary", "drivers_list")
    before = {prefix: (counted(pair, "hits", prefix), counted(pair, "misses", prefix)) for prefix in prefixes}
    for _ in range(2):
        traffic(pair, sender)
    after = {prefix: (counted(pair, "hits", prefix), counted(pair, "misses", prefix)) for prefix in prefixes}
    for prefix, (hits, misses) in after.items():
        for kind, value in (("hits", hits), ("misses", misses)):
            seen = f'sum(cache_{kind}_total{{key_prefix="{prefix}"}})'
            prometheus.until(lambda seen=seen, value=value: prometheus.value(seen) == value, seen)  # type: ignore[misc]  # a lambda's default has no type
    rates = prometheus.values(HIT_RATE, "key_prefix")
    for prefix in prefixes:
        hits, misses = (now - then for now, then in zip(after[prefix], before[prefix], strict=True))
        assert hits > misses > 0
        assert rates[prefix] == pytest.approx(hits / (hits + misses), rel=1e-6)
        recorded = f'key_prefix:cache_hit_ratio:rate5m{{key_prefix="{prefix}"}}'
        prometheus.until(lambda recorded=recorded: prometheus.value(recorded) is not None, recorded)  # type: ignore[misc]  # a lambda's default has no type


def test_every_panel_of_the_dashboard_shows_something(pair: Pair, sender: httpx.Client, prometheus: Prometheus) -> None:
    traffic(pair, sender)
    asked = list(asked_by_panels())
    assert len(asked) > 50
    for marks in json.loads(DASHBOARD.read_text())["annotations"]["list"]:
        prometheus.query(marks["expr"])  # there need be no alert, but it must be one that can be asked for
    missing = {one for one in asked if not prometheus.query(one.expression)}
    prometheus.until(
        lambda: not {one for one in missing if not prometheus.query(one.expression)}, f"there is something of {missing}"
    )


def test_every_rule_is_evaluated_and_at_rest_nothing_that_is_not_about_time_fires(prometheus: Prometheus) -> None:
    prometheus.until(lambda: all(rule["health"] != "unknown" for rule in prometheus.rules()), "rules are evaluated")
    told = prometheus.rules()
    assert len(told) == len(rules())
    assert {rule["name"]: rule.get("lastError") for rule in told if rule["health"] != "ok"} == {}
    assert {alert["alert"] for alert in alerts()} >= NEVER_AT_REST
    prometheus.until(lambda: not set(prometheus.firing()) & NEVER_AT_REST, "all is well")


def test_workers_that_are_killed_are_missed(pair: Pair, prometheus: Prometheus) -> None:
    for _ in range(3):
        victim = workers_of(pair.server.pid)[-1]
        os.kill(victim, signal.SIGKILL)
        prometheus.until(lambda: "RoadlensFewerWorkers" in prometheus.firing(), "a worker is missing")
        prometheus.until(lambda: "RoadlensFewerWorkers" not in prometheus.firing(), "it has been replaced")
    for number in ("workers_alive", "workers_wanted"):
        prometheus.until(lambda number=number: prometheus.value(number) == 2, f"{number} is 2")  # type: ignore[misc]  # a lambda's default has no type
    prometheus.until(lambda: "RoadlensWorkersRestart" in prometheus.firing(), "this happens again and again")
    described = prometheus.firing()["RoadlensWorkersRestart"]["annotations"]["description"]
    assert "has started workers again 3" in described
    refresh(pair)


def test_a_redis_that_stops_is_missed(pair: Pair, sender: httpx.Client, redis: Valkey, prometheus: Prometheus) -> None:
    redis.stop()
    try:
        traffic(pair, sender)
        prometheus.until(lambda: "RoadlensRedisDown" in prometheus.firing(), "Redis is not used")
        fired = prometheus.firing()["RoadlensRedisDown"]
        assert fired["labels"]["severity"] == "warning"
        assert fired["annotations"]["description"].startswith("Only ")
        assert pair.workers[0].get(SUMMARY).status_code == 200
    finally:
        redis.start()
    prometheus.until(lambda: "RoadlensRedisDown" not in prometheus.firing(), "Redis is used again")


def test_a_feed_that_is_cut_off_again_and_again_is_told(pair: Pair, prometheus: Prometheus) -> None:
    """By hand, as a network does that cuts connections: each worker loses its feed and attaches again."""
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'roadlens feed'"
    lost = 'sum(feed_losses_total{reason="connection"})'
    before = prometheus.value(lost) or 0
    url = pair.installation.run("db", "url").strip()
    for number in range(1, 4):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(end)
        prometheus.until(lambda number=number: (prometheus.value(lost) or 0) >= before + 2 * number, "both lost it")  # type: ignore[misc]  # a lambda's default has no type
        prometheus.until(lambda: prometheus.value("feed_attached") == 2, "both are attached again")
    prometheus.until(lambda: "RoadlensLeaseLost" in prometheus.firing(), "it is said")


def test_an_instance_that_does_not_answer_is_missed(pair: Pair, prometheus: Prometheus) -> None:
    with ExitStack() as stack:
        for pid in workers_of(pair.server.pid):
            stack.enter_context(stopped(pid))
        prometheus.until(lambda: "RoadlensDown" in prometheus.firing(), "nobody answers")
    prometheus.until(lambda: "RoadlensDown" not in prometheus.firing(), "it answers again")


def refresh(pair: Pair) -> None:
    """Who asks knows the new processes."""
    for worker, pid in zip(pair.workers, workers_of(pair.server.pid), strict=True):
        worker.pid = pid
    for worker in pair.workers:
        worker.connect()
