"""A real backup, restored under workers that run: they attach again, and none answers from what was kept meanwhile."""

from __future__ import annotations

import subprocess
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

    restore(postgres_of_operator, backup)

    until(lambda: trusted(servers))
    assert names(servers, path) == {"Before"}
    assert all(
        worker.ask("GET", f"/admin/drivers/{other['driver_id']}").status_code == 404 for worker in servers.workers
    )
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


def restore(postgres: StandingPostgres, backup: Path) -> None:
    """As docs/operations.md says: the database goes with its connections, and comes back from the file."""
    postgres.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    postgres.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    postgres.run("pg_restore", "--exit-on-error", f"--dbname={DATABASE}", backup)


def change(servers: Pair, method: str, path: str, body: dict[str, str]) -> Any:
    return servers.workers[0].ask(method, path, body=body).raise_for_status().json()


def names(servers: Pair, path: str, listed: str = "") -> set[str]:
    """The last names in the answers of both workers, each asked twice: the second time it may have kept the first."""
    answers = [worker.ask("GET", path).raise_for_status().json() for worker in servers.workers for _ in range(2)]
    rows = [row for answer in answers for row in (answer[listed] if listed else [answer])]
    return {row["last_name"] for row in rows}


def trusted(servers: Pair) -> bool:
    """Whether both keep answers again."""
    try:
        answers = [worker.ask("GET", "/admin/dashboard/summary") for worker in servers.workers for _ in range(2)]
    except httpx.TransportError:
        return False
    return all("hit" in answer.headers.get("Cache-Status", "") for answer in answers[1::2])
