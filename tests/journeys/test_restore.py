"""A real backup, restored under workers that run: they attach again, and none answers from what was kept meanwhile."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from roadlens.storage.embedded.binaries import find_binaries
from tests.support.installation import Installation
from tests.support.pair import Pair, opened_pair
from tests.support.standing_postgres import DATABASE, PASSWORD, ROLE, StandingPostgres, standing_postgres
from tests.support.valkey import Valkey, running_valkey
from tests.support.workers import until

pytestmark = pytest.mark.system

# Longer than a worker waits, at most, before it tries to attach once more.
NEXT_ATTEMPT_S = 2.5

SOMEBODY = {"first_name": "Ann", "last_name": "Before", "email": "a@b.org"}


@pytest.fixture(scope="module")
def postgres_of_operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandingPostgres]:
    with standing_postgres(tmp_path_factory.mktemp("restored") / "postgres") as server:
        yield server


@pytest.fixture(scope="module")
def redis_beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with running_valkey(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def servers(postgres_of_operator: StandingPostgres, redis_beside: Valkey, tmp_path: Path) -> Iterator[Pair]:
    settings = {"DATABASE_URL": postgres_of_operator.url, "ROADLENS_DATABASE_PASSWORD": PASSWORD}
    settings |= {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis_beside.port), "ROADLENS_CACHE_AUDIT": "0"}
    with opened_pair(Installation(tmp_path / "data", settings | {"ROADLENS_WORKERS": "2"})) as opened:
        yield opened


def test_after_a_restore_every_answer_is_from_the_backup(
    servers: Pair, postgres_of_operator: StandingPostgres, tmp_path: Path
) -> None:
    backup = tmp_path / "roadlens.dump"
    driver = change(servers, "POST", "/admin/drivers", SOMEBODY)
    path = f"/admin/drivers/{driver['driver_id']}"
    assert names(servers, path) == {"Before"}
    postgres_of_operator.run("pg_dump", "--format=custom", f"--file={backup}", DATABASE)
    change(servers, "PATCH", path, {"last_name": "After"})
    other = change(servers, "POST", "/admin/drivers", {"first_name": "Eve", "last_name": "After", "email": "e@b.org"})
    assert names(servers, path) == names(servers, f"/admin/drivers/{other['driver_id']}") == {"After"}

    for part in restoring(postgres_of_operator, backup):
        if part == "nothing":  # until it notices that its connection is gone, a worker may answer from what it keeps
            until(lambda: [worker.get(path).status_code for worker in servers.workers] == [503, 503])
        assert not kept_within(servers, NEXT_ATTEMPT_S)

    until(lambda: trusted(servers))
    assert names(servers, path) == {"Before"}
    lost = [worker.ask("GET", f"/admin/drivers/{other['driver_id']}") for worker in servers.workers]
    assert [answer.status_code for answer in lost] == [404, 404], [answer.text for answer in lost]
    # The version of this edit has the number of the one that was lost. Its random part tells them apart.
    change(servers, "PATCH", path, {"last_name": "Since"})
    assert names(servers, path) == {"Since"}
    assert names(servers, "/admin/drivers", "drivers") == {"Since"}


def test_an_embedded_database_comes_back_in_another_directory(tmp_path: Path) -> None:
    backup, programs = tmp_path / "roadlens.dump", find_binaries().postgres.parent
    before, after = Installation(tmp_path / "before"), Installation(tmp_path / "after")
    with before.server() as api:
        api.client.post("/admin/drivers", json=SOMEBODY).raise_for_status()
        dump: list[str | Path] = [programs / "pg_dump", "--format=custom", f"--file={backup}"]
        subprocess.run([*dump, before.run("db", "url").strip()], check=True)
    with after.server() as api:
        assert api.get("/admin/drivers")["total"] == 0
        options = ["--clean", "--if-exists", "--exit-on-error", "--single-transaction"]
        again: list[str | Path] = [programs / "pg_restore", *options, f"--dbname={after.run('db', 'url').strip()}"]
        subprocess.run([*again, backup], check=True)
        until(lambda: api.get("/admin/drivers")["total"] == 1)
        after.run("doctor")


def restoring(postgres: StandingPostgres, backup: Path) -> Iterator[str]:
    """The database goes with its connections, and comes back in parts, as without --single-transaction."""
    postgres.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    postgres.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    yield "nothing"
    for part in ("pre-data", "data", "post-data"):
        postgres.run("pg_restore", "--exit-on-error", f"--section={part}", f"--dbname={DATABASE}", backup)
        if part != "post-data":
            yield part


def change(servers: Pair, method: str, path: str, body: dict[str, str]) -> Any:
    return servers.workers[0].ask(method, path, body=body).raise_for_status().json()


def names(servers: Pair, path: str, listed: str = "") -> set[str]:
    """The last names in the answers of both workers, each asked twice: the second time it may have kept the first."""
    answers = [worker.ask("GET", path).raise_for_status().json() for worker in servers.workers for _ in range(2)]
    rows = [row for answer in answers for row in (answer[listed] if listed else [answer])]
    return {row["last_name"] for row in rows}


def kept_within(servers: Pair, seconds: float) -> bool:
    """Whether a worker believes, in all this time, what it finds: a list of drivers that is not whole."""
    until_then = time.monotonic() + seconds
    while time.monotonic() < until_then:
        answers = [worker.ask("GET", "/admin/drivers") for worker in servers.workers]
        if any(kept(answer) for answer in answers):
            return True
        time.sleep(0.05)
    return False


def trusted(servers: Pair) -> bool:
    """Whether both keep answers again."""
    try:
        answers = [worker.ask("GET", "/admin/dashboard/summary") for worker in servers.workers for _ in range(2)]
    except httpx.TransportError:
        return False
    return all("hit" in answer.headers.get("Cache-Status", "") for answer in answers[1::2])


def kept(answer: httpx.Response) -> bool:
    said = answer.headers.get("Cache-Status", "")
    return answer.is_success and ("hit" in said or "stored" in said)
