"""What compose.yaml puts together, as processes of this machine: each without rights, on a read-only file system.

Roadlens is the wheel that tools/install.sh builds and installs, as the Dockerfile does.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import redis.exceptions
from redis import Redis

from tests.support.deployed import DEPLOY, ROOT, compose
from tests.support.embedded_database import until
from tests.support.sandbox import Sandboxed, sandboxed
from tests.support.standing_postgres import PASSWORD, StandingPostgres
from tests.support.valkey import HOST, free_port

# The image's user, whom no machine knows.
USER = 10001


def installed(prefix: Path) -> Path:
    """Roadlens, installed there as the image has it."""
    command: list[str | Path] = ["sh", "tools/install.sh", prefix]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"ROADLENS_WITHOUT_POSTGRES": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return prefix


def made_secrets(directory: Path) -> Path:
    """Those of deploy/make_secrets.sh, with the password that the tests' PostgreSQL gave its role."""
    make: list[str | Path] = ["sh", DEPLOY / "make_secrets.sh", directory]
    subprocess.run(make, check=True, capture_output=True)
    (directory / "database_password").unlink()
    (directory / "database_password").write_text(f"{PASSWORD}\n")
    return directory


@contextmanager
def running_redis(directory: Path, secrets: Path) -> Iterator[Redis]:
    """Debian's redis-server, by the very command and file of compose.yaml; a client that has the password."""
    directory.mkdir()
    port = free_port()
    shell, option, script = compose()["services"]["redis"]["command"]
    for found, ours in {
        "$$": "$",
        "/etc/redis.conf": str(DEPLOY / "redis.conf"),
        "/run/secrets/redis_password": str(secrets / "redis_password"),
        "redis-server -": f"redis-server --port {port} --bind {HOST} -",
    }.items():
        assert found in script
        script = script.replace(found, ours)
    process = Sandboxed([shell, option, script], [directory], directory / "log")
    process.start()
    client = Redis(host=HOST, port=port, password=(secrets / "redis_password").read_text())
    try:
        until(lambda: process.ended or _answers(client), "Redis answers")
        assert not process.ended, process.said()
        yield client
    finally:
        client.close()
        process.stop()


def _answers(client: Redis) -> bool:
    with suppress(redis.exceptions.ConnectionError):
        return bool(client.ping())
    return False


@dataclass
class Service:
    """Roadlens, and all that it may write to: the directory `temporary`."""

    prefix: Path
    temporary: Path
    environment: dict[str, str]
    process: Sandboxed

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.environment['PORT']}"

    def run(self, *arguments: str) -> str:
        """A command beside the server, in the same container as it were."""
        command = sandboxed([self.prefix / "bin" / "roadlens", *arguments], [self.temporary], USER)
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def healthy(self) -> bool:
        """By the healthcheck of the Dockerfile."""
        module: list[str | Path] = [self.prefix / "bin" / "python", "-m", "roadlens.cli.health"]
        command = sandboxed(module, [self.temporary], USER)
        return subprocess.run(command, env=self.environment, capture_output=True, check=False).returncode == 0

    def signed_in(self, password: str) -> httpx.Client:
        with httpx.Client(base_url=f"{self.address}/api/v1", timeout=120) as first:
            answer = first.post("/auth/login", json={"username": "admin", "password": password}).raise_for_status()
        authorization = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return httpx.Client(base_url=f"{self.address}/api/v1", headers=authorization, timeout=120)


@contextmanager
def running_service(
    directory: Path, prefix: Path, secrets: Path, postgres: StandingPostgres, cache: Redis
) -> Iterator[Service]:
    """With the variables that compose.yaml gives it; only addresses and places are other ones."""
    directory.mkdir()
    temporary = directory / "tmp"
    temporary.mkdir()
    given = compose()["services"]["roadlens"]["environment"]
    files = {
        name: value.replace("/run/secrets", str(secrets)) for name, value in given.items() if name.endswith("_FILE")
    }
    environment = files | {
        "DATABASE_URL": postgres.url,
        "REDIS_HOST": HOST,
        "REDIS_PORT": str(cache.get_connection_kwargs()["port"]),
        "ROADLENS_WORKERS": "2",
        "ROADLENS_EMPTY": "1",
        "ROADLENS_DATA_DIR": str(directory / "data"),
        "PORT": str(free_port()),
        "TMPDIR": str(temporary),
        "PYTHONUNBUFFERED": "1",
        "PATH": os.environ["PATH"],
    }
    command: list[str | Path] = [prefix / "bin" / "roadlens", "serve"]
    process = Sandboxed(command, [temporary], directory / "log", environment, USER)
    service = Service(prefix, temporary, environment, process)
    process.start()
    try:
        until(lambda: process.ended or "Roadlens is running" in process.said(), "Roadlens runs")
        assert not process.ended, process.said()
        yield service
    finally:
        process.stop()
