"""What people are told of the cache of two workers: metrics, state and commands are of both together."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.support.pair import Pair, Worker
from tests.support.valkey import Valkey
from tests.support.workers import until

LIST = "/admin/drivers?limit=4"
SUMMARY = "/admin/dashboard/summary"
OF_LIST = {"endpoint": "list_drivers", "key_prefix": "drivers_list"}
OF_SUMMARY = {"endpoint": "summary", "key_prefix": "dashboard_summary"}


def rates(pair: Pair) -> dict[str, float]:
    """As the counters of the page make them."""
    page = pair.scrape()
    hits: dict[str, float] = {}
    asked: dict[str, float] = {}
    for name, hit in (("cache_hits_total", True), ("cache_misses_total", False)):
        for labels in page.labels(name):
            prefix, count = labels["key_prefix"], page.value(name, **labels)
            hits[prefix] = hits.get(prefix, 0) + count * hit
            asked[prefix] = asked.get(prefix, 0) + count
    return {prefix: 100 * hits[prefix] / asked[prefix] for prefix in asked}


def list_hits(worker: Worker) -> float:
    """As this worker tells them of both."""
    prefixes = worker.json("/admin/cache")["prefixes"]
    hits: float = next(each["hits"] for each in prefixes if each["key_prefix"] == "drivers_list")
    return hits


def test_the_metrics_are_the_sum_of_both_workers(pair: Pair) -> None:
    one, two = pair.workers
    served = {"method": "GET", "endpoint": "summary", "status": "200"}
    told = ["fwd=bypass"]
    while "fwd=bypass" in "".join(told):  # a machine that stands still for a lease has its workers compute for a moment
        pair.workers[0].edit("POST", "/admin/cache/clear")
        before = pair.scrape()
        asked = (one, one, one, two, two, two, two, two)
        told = [worker.get(SUMMARY).headers["Cache-Status"] for worker in asked]
        # A request is counted when its last byte has gone: who has read that may ask sooner than it is counted.
        counted = before.value("http_requests_total", **served) + len(asked)
        until(lambda counted=counted: pair.scrape().value("http_requests_total", **served) >= counted)  # type: ignore[misc]  # a lambda's default has no type
    after = pair.scrape()
    for worker in pair.workers:
        other = worker.get(str(worker.base_url.join("/metrics"))).text
        assert re.search(r"^cache_hit_rate\{key_prefix=\"dashboard_summary\"\}", other, re.MULTILINE)

    def more(name: str, **labels: str) -> float:
        return after.value(name, **labels) - before.value(name, **labels)

    assert more("cache_hits_total", **OF_SUMMARY) + more("cache_misses_total", **OF_SUMMARY) == 8
    assert more("cache_misses_total", **OF_SUMMARY) in (1, 2)  # once, or by each where Redis did not answer in time
    assert more("http_requests_total", **served) == 8
    assert more("http_request_duration_seconds_count", method="GET", endpoint="summary") == 8
    assert more("redis_operations_total", operation="get", status="ok") >= 1
    assert more("db_queries_total", operation="select") >= 1
    assert after.value("db_query_duration_seconds_count", operation="select") >= 1
    assert after.value("redis_operation_duration_seconds_count", operation="get") >= 1


def test_the_hit_rate_is_that_of_the_counters(pair: Pair) -> None:
    page, computed = pair.scrape(), rates(pair)
    assert {labels["key_prefix"] for labels in page.labels("cache_hit_rate")} == computed.keys()
    for prefix, rate in computed.items():
        assert abs(page.value("cache_hit_rate", key_prefix=prefix) - rate) < 1e-9
        assert 0 <= rate <= 100


def tells_of_both(pair: Pair, worker: Worker) -> bool:
    """Not while one attaches anew, as after a machine that stood still."""
    told = worker.json("/admin/cache")["workers"]
    assert [each["pid"] for each in told if each["answers_this"]] in ([worker.pid], [])
    held = {each["pid"] for each in told if each["lease"] == "held"}
    return len(told) == 2 and held == {each.pid for each in pair.workers}


def test_the_state_is_of_both_workers_whichever_tells_it(pair: Pair) -> None:
    for worker in pair.workers:
        worker.get(LIST)
        worker.get(LIST)
        until(lambda worker=worker: tells_of_both(pair, worker))  # type: ignore[misc]  # a lambda's default has no type
    counted = pair.scrape()
    hits = counted.value("cache_hits_total", **OF_LIST)
    # Each tells at once what it counts itself, and of the other what that told with its last renewal.
    for worker in pair.workers:
        until(lambda worker=worker: list_hits(worker) == hits)  # type: ignore[misc]  # a lambda's default has no type


def test_clearing_by_command_reaches_both_workers_and_redis(pair: Pair, redis_of_pair: Valkey) -> None:
    for worker in pair.workers:
        for path in (LIST, SUMMARY):
            worker.verdict(path)
            worker.verdict(path)
    said = pair.installation.run("cache", "clear", "*drivers_list*")
    assert re.search(r"Nothing that matches \*drivers_list\* is found any more.* \d+ answers", said, re.DOTALL)
    with redis_of_pair.client() as client:
        assert list(client.scan_iter("*:drivers_list:*")) == []
    statuses = [worker.verdict(LIST) for worker in pair.workers]
    assert "stored" in statuses[0]
    assert "detail=memory" not in statuses[1]
    assert all("hit" in worker.verdict(SUMMARY) for worker in pair.workers)


def test_the_commands_tell_what_the_server_tells(pair: Pair) -> None:
    for worker in pair.workers:
        worker.verdict(LIST)
        worker.verdict(LIST)
    until(lambda: memory_told(pair))
    # A command gives Redis no more time than a request does, and one that comes late keeps nothing.
    said = told_in_time(pair, r"Redis: .*usable True", "stats")
    assert "drivers_list" in said
    for worker in pair.workers:
        assert str(worker.pid) in said
    told = told_in_time(
        pair,
        r"Redis     kept there, \d+ bytes, .* old, ETag \"",
        "explain",
        f"/api/v1{LIST}&utm=1",
        meanwhile=keep_list,
    )
    assert "endpoint  list_drivers" in told
    assert "kept for  120 s, for viewers" in told
    assert "response_cache:drivers_list:/api/v1/admin/drivers?limit=4&skip=0&sort=driver_id@assignments." in told
    assert re.search(r"stale by  drivers  \(now at version \d+-[0-9a-f]{8}\)", told)
    refused = pair.installation.run("cache", "explain", "/api/v1/admin/audit", fails=True)
    assert "is not kept" in refused


def keep_list(pair: Pair) -> None:
    """Anew, in memory and in Redis."""
    pair.workers[0].edit("POST", "/admin/cache/clear")
    pair.workers[0].verdict(LIST)


def told_in_time(pair: Pair, wanted: str, *command: str, meanwhile: Callable[[Pair], None] = lambda _pair: None) -> str:
    """What a command says as soon as that is in it."""
    said = [pair.installation.run("cache", *command)]

    def is_told() -> bool:
        if re.search(wanted, said[-1], re.DOTALL):
            return True
        meanwhile(pair)
        said.append(pair.installation.run("cache", *command))
        return False

    until(is_told)
    return said[-1]


def memory_told(pair: Pair) -> bool:
    """Whether both workers have told what they keep, as they do with each renewal."""
    told = pair.installation.run("cache", "explain", f"/api/v1{LIST}")
    kept = (rf"worker    \S+ {worker.pid}: [1-9]\d* of drivers_list in memory" for worker in pair.workers)
    return all(re.search(line, told) for line in kept)
