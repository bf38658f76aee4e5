"""Several worker processes of one real server: all answer, what dies comes back, and nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.installation import ADMIN_PASSWORD, ROADLENS, Api, Installation
from tests.support.postgres import TEMPLATE, Server
from tests.support.scrape import Scrape
from tests.support.workers import is_alive, stopped, until, workers_of

LOGIN = {"username": "admin", "password": ADMIN_PASSWORD}
# Seconds in which a worker starts on a machine that does much else.
PATIENCE_S = 120


@pytest.fixture(scope="module")
def installation(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with postgres.copy_of(TEMPLATE) as url:
        settings = {"DATABASE_URL": url, "ROADLENS_WORKERS": "2"}
        yield Installation(tmp_path_factory.mktemp("workers") / "data", settings)


@pytest.fixture(scope="module")
def server(installation: Installation) -> Iterator[Api]:
    with installation.server() as api:
        yield api


def ask(server: Api, path: str) -> httpx.Response:
    """Over a connection of its own, so that any worker may take it."""
    return httpx.get(server.client.base_url.join(path), timeout=PATIENCE_S).raise_for_status()


def answering(server: Api) -> str:
    """Which process answers: the ids that it gives begin alike."""
    return ask(server, "/healthz").headers["X-Request-ID"].partition("-")[0]


def health_checks(server: Api) -> float:
    page = Scrape.read(ask(server, "/metrics").text)
    return page.value("http_requests_total", method="GET", endpoint="healthz", status="200")


def test_each_worker_answers_and_shows_the_sum_of_both(server: Api) -> None:
    one, two = workers_of(server.pid)
    before = health_checks(server)
    with stopped(one):
        second = {answering(server) for _ in range(3)}
    until(lambda: health_checks(server) == before + 3)  # an answer is counted when it has been sent
    with stopped(two):
        first = {answering(server) for _ in range(4)}
        assert health_checks(server) == before + 7
    with stopped(one):
        assert health_checks(server) == before + 7
    assert len(first) == len(second) == 1
    assert first != second


def test_a_token_of_one_worker_is_good_at_the_other(server: Api) -> None:
    one, two = workers_of(server.pid)
    with stopped(one):
        token = httpx.post(server.client.base_url.join("auth/login"), json=LOGIN, timeout=PATIENCE_S).json()[
            "access_token"
        ]
    with stopped(two):
        path = server.client.base_url.join("admin/users")
        answer = httpx.get(path, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S)
        assert answer.status_code == 200


def test_a_connection_goes_on_after_a_head(server: Api) -> None:
    for _ in range(3):
        answer = server.client.head("admin/users")
        assert (answer.status_code, answer.content) == (200, b"")
        assert server.get("admin/users")["items"]


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_ends_comes_back_and_what_it_counted_stays(server: Api, ended_by: signal.Signals) -> None:
    one, two = workers_of(server.pid)
    with stopped(two):
        counted_by_one = answering(server)
    before = health_checks(server)
    page = Scrape.read(ask(server, "/metrics").text)
    restarts = page.value("worker_restarts_total")
    assert (page.value("workers_alive"), page.value("workers_wanted")) == (2, 2)
    os.kill(one, ended_by)
    until(lambda: not is_alive(one))
    assert answering(server) != counted_by_one  # nobody is refused meanwhile
    assert health_checks(server) == before + 1
    until(lambda: len(workers_of(server.pid)) == 2)
    (new,) = set(workers_of(server.pid)) - {two}
    with stopped(two):
        assert answering(server) != counted_by_one  # waits until the new one listens
    assert is_alive(new)
    page = Scrape.read(ask(server, "/metrics").text)
    assert page.value("workers_alive") == 2
    # Who was stopped may have lost its lease meanwhile.
    until(lambda: Scrape.read(ask(server, "/metrics").text).value("feed_attached") == 2)
    assert page.value("http_requests_total", method="GET", endpoint="healthz", status="200") == before + 2
    assert page.value("worker_restarts_total") == restarts + 1


def test_a_device_that_is_heard_by_both_workers_in_turns(server: Api, installation: Installation) -> None:
    found = re.search(r"rlt_\S+", installation.run("tokens", "create", "in turns"))
    assert found is not None
    device = {"uniqueId": "in-turns", "name": "Van 7"}
    for minute in range(6):
        with stopped(workers_of(server.pid)[minute % 2]):
            for second in range(10):
                at = f"2026-01-20T14:{minute:02}:{second:02}Z"
                place = {"latitude": 41.25 + minute / 100 + second / 10_000, "longitude": -95.98, "speed": 20}
                forward = {"position": {"fixTime": at, "valid": True, **place}, "device": device}
                sent = httpx.post(
                    server.client.base_url.join("ingest/traccar"),
                    json=forward,
                    headers={"Authorization": f"Bearer {found[0]}"},
                    timeout=PATIENCE_S,
                )
                assert sent.status_code == 200, sent.text
    with psycopg.connect(installation.settings["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM positions").fetchone() == (60,)
    installation.run("doctor")
    page = Scrape.read(ask(server, "/metrics").text)
    assert page.value("ingest_positions_total", result="kept") == 60


def test_a_request_under_way_is_answered_before_the_end(installation: Installation) -> None:
    """1. A sign-in waits for a lock. 2. The server is told to stop; nobody is let in. 3. The lock goes: an answer."""
    answers: list[int] = []
    with (
        installation.server() as server,
        psycopg.connect(installation.settings["DATABASE_URL"]) as lock,
        psycopg.connect(installation.settings["DATABASE_URL"], autocommit=True) as watch,
    ):
        workers = workers_of(server.pid)
        lock.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        address = server.client.base_url.join("auth/login")
        asking = threading.Thread(
            target=lambda: answers.append(httpx.post(address, json=LOGIN, timeout=PATIENCE_S).status_code)
        )
        asking.start()
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass"
        until(lambda: watch.execute(waits).fetchone() == (1,))
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: refuses(server))
        assert answers == []
        lock.rollback()
        asking.join(timeout=PATIENCE_S)
        assert answers == [200]
        until(lambda: not is_alive(server.pid))
    assert not any(map(is_alive, workers))


def refuses(server: Api) -> bool:
    try:
        answering(server)
    except httpx.HTTPError:
        return True
    return False


@contextmanager
def serving(installation: Installation, stdout: int) -> Iterator[subprocess.Popen[str]]:
    """A server that has not started yet. A test that fails leaves none behind, for the next ones would fail of that."""
    command, environment = [ROADLENS, "serve"], installation.environment
    with subprocess.Popen(command, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_stop_is_a_success_and_leaves_no_worker(installation: Installation) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with serving(installation, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert any("Ctrl-C" in line for line in process.stdout)
            workers = workers_of(process.pid)
            assert len(workers) == 2
            process.send_signal(number)
            _, errors = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, errors
        assert not any(map(is_alive, workers))
        assert "Traceback" not in errors


def test_a_stop_while_the_workers_start_leaves_none(installation: Installation) -> None:
    with serving(installation, stdout=subprocess.DEVNULL) as process:
        until(lambda: len(workers_of(process.pid)) == 2)
        workers = workers_of(process.pid)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode in (0, 130), errors
    assert not any(map(is_alive, workers))
    assert "Traceback" not in errors


def test_workers_end_with_a_parent_that_is_killed(installation: Installation) -> None:
    with installation.server() as server:
        workers = workers_of(server.pid)
        assert len(workers) == 2
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: not any(map(is_alive, workers)))


def test_workers_that_cannot_start_are_not_tried_again(postgres: Server, tmp_path: Path) -> None:
    with postgres.copy_of(TEMPLATE) as url:
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE score_versions SET active = false")
        installation = Installation(tmp_path / "data", {"DATABASE_URL": url, "ROADLENS_WORKERS": "2"})
        said = installation.run("serve", fails=True)
    assert "A worker process ended with status 3 before it could answer" in said.splitlines()[-1]
    assert "no active score version" in said
