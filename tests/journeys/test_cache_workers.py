"""Workers that are paused or killed, and a PostgreSQL that is: a write waits, but not for long, and nobody sees old."""

from __future__ import annotations

import itertools
import os
import signal
import time
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest

from roadlens.storage.change_feed.lease import LEASE_S
from tests.support.embedded_database import server_pid
from tests.support.installation import Installation
from tests.support.pair import Pair, Worker, opened_pair
from tests.support.workers import is_alive, stopped, until, workers_of

DETAIL = "/admin/drivers/DRV-0001"
NUMBERS = itertools.count(1)
# Seconds: a lease or two, on a machine that may be busy with something else.
NOT_FOR_LONG_S = 20.0


def edit(writer: Worker) -> tuple[str, float]:
    """A new city, and the seconds until that was answered."""
    city, began = f"City {next(NUMBERS)}", time.monotonic()
    writer.edit("PATCH", DETAIL, {"city": city})
    return city, time.monotonic() - began


def keep(pair: Pair) -> None:
    for worker in pair.workers:
        until(lambda worker=worker: "hit" in worker.get(DETAIL).headers["Cache-Status"])  # type: ignore[misc]  # a lambda's default has no type


def test_who_wakes_up_answers_nothing_old(pair: Pair) -> None:
    """1. A worker that keeps the answer is paused. 2. A request to it is on its way. 3. An edit is answered.

    4. The worker goes on: the request is there before any news, and its answer is of after the edit.
    """
    for sleeper, writer in (pair.workers, reversed(pair.workers)):
        keep(pair)
        with stopped(writer.pid):
            held = HTTPConnection(str(sleeper.base_url.host), sleeper.base_url.port, timeout=120)
            held.request("GET", "/healthz")
            assert held.getresponse().read()
        with stopped(sleeper.pid):  # 1
            headers = {"Authorization": f"Bearer {sleeper.token}"}
            held.request("GET", f"/api/v1{DETAIL}", headers=headers)  # 2
            city, waited = edit(writer)  # 3
            assert waited < NOT_FOR_LONG_S
            assert city in writer.get(DETAIL).text
        answer = held.getresponse()  # 4
        assert answer.status == 200
        assert answer.headers["X-Request-ID"].startswith(sleeper.name)
        assert city in answer.read().decode()
        assert answer.headers["Cache-Status"] == "roadlens; fwd=bypass; detail=distrust"
        held.close()
        until(lambda sleeper=sleeper: "hit" in sleeper.get(DETAIL).headers["Cache-Status"])  # type: ignore[misc]  # a lambda's default has no type
        assert city in sleeper.get(DETAIL).text


def test_nobody_waits_twice_for_a_worker_that_sleeps(pair: Pair) -> None:
    until(lambda: len(pair.workers[0].json("/admin/cache")["workers"]) == 2)
    sleeper, writer = pair.workers
    with stopped(sleeper.pid):
        edit(writer)
        assert any(edit(writer)[1] < LEASE_S for _ in range(10))
        assert [worker["pid"] for worker in writer.json("/admin/cache")["workers"]] == [writer.pid]
    until(lambda: len(writer.json("/admin/cache")["workers"]) == 2)
    edits_are_seen(pair)


def test_a_short_pause_costs_no_more_than_itself(pair: Pair) -> None:
    """Shorter than a lease: the worker wakes up and still believes what it kept, if nothing has changed."""
    for sleeper, writer in (pair.workers, reversed(pair.workers)):
        for _ in range(5):
            keep(pair)
            with stopped(sleeper.pid):
                pass
            city, _ = edit(writer)
            assert city in sleeper.get(DETAIL).text


def test_a_worker_that_is_killed(pair: Pair) -> None:
    victim, writer = pair.workers
    keep(pair)
    os.kill(victim.pid, signal.SIGKILL)
    city, waited = edit(writer)
    assert waited < NOT_FOR_LONG_S
    assert city in writer.get(DETAIL).text
    until(lambda: not is_alive(victim.pid) and len(workers_of(pair.server.pid)) == 2)
    (victim.pid,) = set(workers_of(pair.server.pid)) - {writer.pid}
    victim.connect()
    assert city in victim.get(DETAIL).text
    edits_are_seen(pair)


def test_a_feed_whose_connection_is_ended(pair: Pair) -> None:
    """The worker does not answer from what it keeps until it has attached again; an edit is seen all the same."""
    url = pair.installation.settings["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(5):
            keep(pair)
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = 'roadlens feed'"
            )
            edits_are_seen(pair)
    for worker in pair.workers:
        until(lambda worker=worker: "hit" in worker.get(DETAIL).headers["Cache-Status"])  # type: ignore[misc]  # a lambda's default has no type


def edits_are_seen(pair: Pair) -> None:
    for _ in range(3):
        for writer, reader in (pair.workers, reversed(pair.workers)):
            city, _ = edit(writer)
            assert city in reader.get(DETAIL).text
            assert city in reader.get(DETAIL).text


@pytest.fixture
def embedded(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "data", {"ROADLENS_WORKERS": "2"})


def test_a_postgresql_that_is_killed_under_two_workers(embedded: Installation) -> None:
    with opened_pair(embedded) as pair:
        one, two = pair.workers
        one.edit("POST", "/admin/drivers", {"driver_id": "DRV-0001", "first_name": "A", "last_name": "B"})
        for _ in range(2):
            keep(pair)
            os.kill(server_pid(embedded.data_dir), signal.SIGKILL)
            city = f"City {next(NUMBERS)}"
            until(lambda city=city: one.ask("PATCH", DETAIL, body={"city": city}).is_success)  # type: ignore[misc]  # a lambda's default has no type
            answer = two.get(DETAIL)
            assert city in answer.text or answer.status_code == 503
            until(lambda: two.get(DETAIL).status_code == 200)
            assert city in two.get(DETAIL).text
            for worker in pair.workers:
                until(lambda worker=worker: "hit" in worker.get(DETAIL).headers["Cache-Status"])  # type: ignore[misc]  # a lambda's default has no type
            edits_are_seen(pair)
