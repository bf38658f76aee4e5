"""What image and compose.yaml put together, as real processes: installed, started, asked, edited, scraped, stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, ResponseError

from tests.support.scrape import Scrape
from tests.support.standing_postgres import ROLE, StandingPostgres, standing_postgres
from tests.support.topology import Service, installed, made_secrets, running_redis, running_service
from tests.support.valkey import HOST
from tests.support.workers import until, workers_of

pytestmark = pytest.mark.system


@dataclass(frozen=True)
class Around:
    """What Roadlens stands on, and where it is installed."""

    postgres: StandingPostgres
    cache: Redis
    secrets: Path
    prefix: Path

    @property
    def admin_password(self) -> str:
        return (self.secrets / "admin_password").read_text()


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Around]:
    directory = tmp_path_factory.mktemp("topology")
    secrets = made_secrets(directory / "secrets")
    with standing_postgres(directory / "postgres") as postgres, running_redis(directory / "redis", secrets) as cache:
        yield Around(postgres, cache, secrets, installed(directory / "roadlens"))


@pytest.fixture
def service(around: Around, tmp_path: Path) -> Iterator[Service]:
    with running_service(tmp_path / "service", around.prefix, around.secrets, around.postgres, around.cache) as started:
        yield started


def test_from_the_first_start_to_the_last_stop(service: Service, around: Around) -> None:
    assert service.healthy()
    assert "ready" in service.run("health", "--ready")
    assert len(workers_of(service.process.pid)) == 2
    with service.signed_in(around.admin_password) as client:
        driver = client.post("/admin/drivers", json=somebody("Ann")).raise_for_status().json()["driver_id"]
        verdicts = [verdict(client, f"/admin/drivers/{driver}") for _ in range(6)]
        assert "fwd=miss" in verdicts[0]
        assert "; hit" in verdicts[-1]
        client.patch(f"/admin/drivers/{driver}", json={"last_name": "Byron"}).raise_for_status()
        assert client.get(f"/admin/drivers/{driver}").json()["last_name"] == "Byron"
        until(lambda: is_shared(client, driver, around.cache))
    # What is put into Redis is counted when that has answered, behind the answer.
    until(lambda: metrics(service).value("redis_operations_total", operation="set", status="ok") >= 1)
    assert metrics(service).value("cache_hits_total", endpoint="get_driver", key_prefix="driver_detail") >= 1
    assert service.process.stop() == 0
    assert troubles(service.process.said()) == []
    assert not service.healthy()
    # It leaves nothing behind: no file, no connection, no lease. PostgreSQL notices in its own time who has gone.
    assert list(service.temporary.iterdir()) == []
    connections = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{ROLE}'"
    until(lambda: around.postgres.execute(connections) == [(0,)])
    assert around.postgres.execute("SELECT count(*) FROM cache_worker", database="roadlens") == [(0,)]


def test_no_secret_is_in_a_log_a_list_of_processes_or_an_environment(service: Service, around: Around) -> None:
    service.signed_in(around.admin_password).close()
    secrets = [file.read_text().strip().encode() for file in around.secrets.iterdir()]
    seen = service.process.log.read_bytes()
    for number in (service.process.pid, *workers_of(service.process.pid)):
        seen += Path(f"/proc/{number}/cmdline").read_bytes() + Path(f"/proc/{number}/environ").read_bytes()
    assert b"ROADLENS_SECRET_KEY_FILE" in seen
    assert [secret for secret in secrets if secret in seen] == []


def test_the_database_role_is_nobody_in_particular(around: Around) -> None:
    rights = f"SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = '{ROLE}'"
    assert around.postgres.execute(rights) == [(False, False, False, False)]


def test_redis_forgets_writes_nothing_and_lets_neither_strangers_nor_settings_in(around: Around) -> None:
    memory = around.cache.info("memory")
    assert (memory["maxmemory"], memory["maxmemory_policy"]) == (256 * 1024 * 1024, "allkeys-lru")
    persistence = around.cache.info("persistence")
    assert (persistence["aof_enabled"], persistence["rdb_saves"]) == (0, 0)
    with pytest.raises(ResponseError, match="unknown command"):
        around.cache.config_get()
    port = around.cache.get_connection_kwargs()["port"]
    with Redis(host=HOST, port=port, protocol=2) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()


def metrics(service: Service) -> Scrape:
    return Scrape.read(httpx.get(f"{service.address}/metrics", timeout=120).text)


def verdict(client: httpx.Client, path: str) -> str:
    """The answer's `Cache-Status` while the worker trusts its cache: on a busy machine that may take a while."""
    said: list[str] = []

    def is_trusted() -> bool:
        said.append(client.get(path).headers["Cache-Status"])
        return "fwd=bypass" not in said[-1]

    until(is_trusted)
    return said[-1]


def is_shared(client: httpx.Client, driver: str, cache: Redis) -> bool:
    """Whether Redis has an answer, after one more that had to be made: one that is slow for once is not waited for."""
    client.patch(f"/admin/drivers/{driver}", json={"city": str(time.monotonic())}).raise_for_status()
    client.get(f"/admin/drivers/{driver}").raise_for_status()
    return cache.dbsize() > 0


def somebody(name: str) -> dict[str, str]:
    return {"first_name": name, "last_name": "Lovelace", "email": f"{name.lower()}@example.com"}


def troubles(log: str) -> list[str]:
    """What the log complains of; that Redis took longer than 50 ms once is the test machine's business."""
    complaints = [line for line in log.splitlines() if any(word in line for word in ("WARNING", "ERROR", "Traceback"))]
    return [line for line in complaints if "did not answer in time" not in line]
