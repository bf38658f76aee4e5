"""What image and compose.yaml put together, as real processes: installed, started, asked, edited, scraped, stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from redis import Redis

from tests.support.scrape import Scrape
from tests.support.standing_postgres import ROLE, StandingPostgres, standing_postgres
from tests.support.topology import Service, installed, made_secrets, running_redis, running_service
from tests.support.workers import workers_of

pytestmark = pytest.mark.system


@dataclass
class Topology:
    postgres: StandingPostgres
    cache: Redis
    service: Service
    secrets: Path

    def signed_in(self) -> httpx.Client:
        return self.service.signed_in((self.secrets / "admin_password").read_text())


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("installed") / "roadlens")


@pytest.fixture
def topology(prefix: Path, tmp_path: Path) -> Iterator[Topology]:
    secrets = made_secrets(tmp_path / "secrets")
    with ExitStack() as stack:
        postgres = stack.enter_context(standing_postgres(tmp_path / "postgres"))
        cache = stack.enter_context(running_redis(tmp_path / "redis", secrets))
        service = stack.enter_context(running_service(tmp_path / "service", prefix, secrets, postgres, cache))
        yield Topology(postgres, cache, service, secrets)


def test_from_the_first_start_to_the_last_stop(topology: Topology) -> None:
    service = topology.service
    assert service.healthy()
    assert "ready" in service.run("health", "--ready")
    assert len(workers_of(service.process.pid)) == 2
    with topology.signed_in() as client:
        driver = client.post("/admin/drivers", json=somebody("Ann")).raise_for_status().json()["driver_id"]
        verdicts = [client.get(f"/admin/drivers/{driver}").headers["Cache-Status"] for _ in range(6)]
        assert "fwd=miss" in verdicts[0]
        assert "; hit" in verdicts[-1]
        client.patch(f"/admin/drivers/{driver}", json={"last_name": "Byron"}).raise_for_status()
        assert client.get(f"/admin/drivers/{driver}").json()["last_name"] == "Byron"
        page = Scrape.read(httpx.get(f"{service.address}/metrics").text)
        assert page.value("cache_hits_total", endpoint="driver_detail", key_prefix="driver_detail") >= 1
        assert page.value("redis_operations_total", operation="set", status="ok") >= 1
        assert topology.cache.dbsize() >= 1
    assert service.process.stop() == 0
    assert troubles(service.process.said()) == []
    assert not service.healthy()
    # It leaves nothing behind: no file, no connection, no lease.
    assert list(service.temporary.iterdir()) == []
    assert topology.postgres.execute(f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{ROLE}'") == [(0,)]
    assert topology.postgres.execute("SELECT count(*) FROM cache_worker", database="roadlens") == [(0,)]


def test_the_database_role_is_nobody_in_particular(topology: Topology) -> None:
    rights = f"SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = '{ROLE}'"
    assert topology.postgres.execute(rights) == [(False, False, False, False)]


def test_redis_forgets_what_was_used_longest_ago_writes_nothing_and_lets_nobody_configure_it(
    topology: Topology,
) -> None:
    memory = topology.cache.info("memory")
    assert (memory["maxmemory"], memory["maxmemory_policy"]) == (256 * 1024 * 1024, "allkeys-lru")
    persistence = topology.cache.info("persistence")
    assert (persistence["aof_enabled"], persistence["rdb_saves"]) == (0, 0)
    with pytest.raises(Exception, match="unknown command"):
        topology.cache.config_get()
    stranger = Redis(host="127.0.0.1", port=topology.cache.get_connection_kwargs()["port"])
    with pytest.raises(Exception, match="Authentication required"):
        stranger.ping()


def test_no_secret_is_in_a_log_a_list_of_processes_or_an_environment(topology: Topology) -> None:
    topology.signed_in().close()
    secrets = [file.read_text().strip().encode() for file in topology.secrets.iterdir()]
    seen = topology.service.process.log.read_bytes()
    pid = topology.service.process.pid
    for number in (pid, *workers_of(pid)):
        seen += Path(f"/proc/{number}/cmdline").read_bytes() + Path(f"/proc/{number}/environ").read_bytes()
    assert [secret for secret in secrets if secret in seen] == []


def somebody(name: str) -> dict[str, str]:
    return {"first_name": name, "last_name": "Lovelace", "email": f"{name.lower()}@example.com"}


def troubles(log: str) -> list[str]:
    return [line for line in log.splitlines() if any(word in line for word in ("WARNING", "ERROR", "Traceback"))]
