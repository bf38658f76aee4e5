"""What a server and its commands leave in their logs, whatever goes wrong: one schema, one line each, and no secret."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.installation import ADMIN_PASSWORD, ROADLENS, Api, Installation
from tests.support.otlp import running_receiver
from tests.support.postgres import TEMPLATE, Server
from tests.support.workers import until, workers_of

REDIS_PASSWORD, SECRET = "redis-s3cr3t-x", "signing-s3cr3t-x-signing-s3cr3t-x"
DATABASE_PASSWORD = "database-s3cr3t-x"
NAME, MAIL = "Planted-Name", "planted.mail@example.com"
SCHEMA = {"time", "level", "logger", "message", "process", "pid"}


@pytest.fixture
def installation(postgres: Server, tmp_path: Path) -> Any:
    with postgres.copy_of(TEMPLATE) as url:
        # A server that trusts whoever connects takes any password.
        scheme, rest = url.split("://")
        user, host = rest.split("@") if "@" in rest else ("postgres", rest)
        address = f"{scheme}://{user.partition(':')[0]}:{DATABASE_PASSWORD}@{host}"
        settings = {"DATABASE_URL": address, "ROADLENS_SECRET_KEY": SECRET, "ROADLENS_LOG_SQL": "1"}
        yield Installation(tmp_path / "data", settings)


def _provoke(server: Api) -> None:
    """Ask for what fails in as many ways as there are, with what must not be told."""
    token = server.client.headers["Authorization"]
    ask = server.client.request
    driver = {"first_name": NAME, "last_name": NAME, "email": MAIL}
    assert ask("POST", "/admin/drivers", json=driver).status_code == 201
    assert ask("POST", "/admin/drivers", json=driver).status_code == 409
    ask("POST", "/admin/drivers", json={**driver, "years_licensed": NAME, NAME: MAIL})
    ask("POST", "/admin/drivers", content=b'{"first_name": "%b' % NAME.encode())
    ask("GET", "/admin/drivers", params={"search": NAME, "limit": NAME})
    ask("GET", f"/admin/drivers/{NAME}")
    ask("GET", f"/{NAME}/%0a2026-01-01T00:00:00.000Z%20INFO%20forged%1b[31m")
    ask("POST", "/auth/login", json={"username": NAME, "password": f"{ADMIN_PASSWORD}-wrong"})
    ask("GET", "/admin/users", headers={"Authorization": f"{token}broken", "Cookie": f"session={NAME}"})
    ask("POST", f"/ingest/phone?access_token=rlt_{NAME}", json={"location": {"coords": NAME}})
    ask("GET", "/admin/drivers", headers={"X-Request-ID": f"forged {NAME}", "X-Forwarded-For": NAME})


def _lines(said: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said if line.startswith("{")]


def test_a_server_tells_all_in_one_schema_and_nothing_secret(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:  # a Redis that takes connections and says nothing
        installation.settings |= {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(nobody.getsockname()[1])}
        installation.settings |= {"REDIS_PASSWORD": REDIS_PASSWORD, "ROADLENS_WORKERS": "2"}
        with installation.server() as server:
            _provoke(server)
            workers = len(workers_of(server.pid))
            token = server.client.headers["Authorization"].removeprefix("Bearer ")
    until(lambda: any("/auth/login" in line for line in server.said))
    lines = _lines(server.said)
    assert workers == 2
    assert {line["logger"] for line in lines} >= {"roadlens.access", "roadlens.sql", "roadlens.cli.workers"}
    assert all(line.keys() >= SCHEMA for line in lines)
    assert {line["process"] for line in lines if line["logger"] == "roadlens.cli.workers"} == {"serve"}
    assert {line["process"] for line in lines if line["logger"] == "roadlens.access"} <= {"worker 1", "worker 2"}
    after = server.said[server.said.index("Ctrl-C stops it.\n") + 1 :]
    assert [line for line in after if line.strip() and not line.startswith("{")] == []
    statuses = {line["status"] for line in lines if line["logger"] == "roadlens.access"}
    assert statuses >= {200, 201, 401, 404, 409, 422}
    everything = "".join(server.said)
    for secret in (token, token.split(".")[1], ADMIN_PASSWORD, DATABASE_PASSWORD, REDIS_PASSWORD, SECRET, NAME, MAIL):
        assert secret not in everything, secret
    assert "\x1b" not in everything


def test_a_database_that_goes_is_told_of_without_its_password(installation: Installation) -> None:
    with installation.server() as server:
        server.get("/admin/dashboard/summary")
    installation.settings["DATABASE_URL"] = f"postgresql://roadlens:{DATABASE_PASSWORD}@127.0.0.1:1/roadlens"
    said = installation.run("serve", fails=True)
    (line,) = _lines(said.splitlines())
    assert line["level"] == "error"
    assert "The database cannot be reached" in line["message"]
    assert DATABASE_PASSWORD not in said
    said = installation.run("doctor", fails=True)
    assert said.startswith("error: database: ")
    assert DATABASE_PASSWORD not in said


def test_a_command_tells_its_statements(installation: Installation) -> None:
    said = installation.run(
        "users", "create", NAME, "--role", "viewer", "--password-stdin", typed=f"{ADMIN_PASSWORD}\n"
    )
    assert "roadlens.sql: roadlens users create ran this once" in said
    assert "INSERT INTO users" in said
    assert ADMIN_PASSWORD not in said
    assert NAME not in said.replace(f"{NAME} can sign in as viewer.", "")


def test_a_reader_that_stops_reading_does_not_stop_the_server(installation: Installation) -> None:
    process = subprocess.Popen(
        [ROADLENS, "serve"], env=installation.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        address = next(line.split()[-1] for line in process.stdout if "running at" in line)
        with httpx.Client(base_url=address, timeout=120) as client:
            for _ in range(600):  # of some 300 bytes each: more than a pipe holds
                assert client.get("/healthz").status_code == 200
    finally:
        process.terminate()
        assert process.wait(timeout=120) == 0
        process.communicate()


def test_what_a_server_has_traced_is_sent_before_it_ends(installation: Installation) -> None:
    with running_receiver() as receiver:
        installation.settings |= {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_SERVICE_NAME": "fleet"}
        with installation.server() as server:
            # A machine that stands still for a lease has it computed past the cache, for a moment.
            until(lambda: "fwd=miss" in server.client.get("/admin/dashboard/summary").headers["Cache-Status"])
        span = receiver.named("GET /api/v1/admin/dashboard/summary")[-1]
        assert span.resource["service.name"] == "fleet"
        assert span.attributes["roadlens.cache"] == "miss"
        installation.run("users", "create", "ada", "--role", "viewer", "--password-stdin", typed=f"{ADMIN_PASSWORD}\n")
        (command,) = receiver.named("roadlens users create")
        assert [found for found in receiver.spans if found.parent_id == command.span_id]
        assert not any(DATABASE_PASSWORD.encode() in body or b"eyJ" in body for body in receiver.bodies)
