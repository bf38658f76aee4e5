"""`roadlens health` against a real server: alive, ready, away, and with its database gone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.support.installation import Installation
from tests.support.postgres import TEMPLATE, Server
from tests.support.valkey import free_port

# Of databases that take no connections any more.
END_ALL = sql.SQL(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_database USING (datname) WHERE NOT datallowconn"
)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "data", {"PORT": str(free_port()), "HOST": "0.0.0.0"})  # noqa: S104 - is what is tested


def test_says_what_a_server_says(installation: Installation, postgres: Server) -> None:
    with postgres.copy_of(TEMPLATE) as url:
        installation.settings["DATABASE_URL"] = url
        with installation.server():
            assert '"status"' in installation.run("health")
            assert '"status"' in installation.run("health", "--ready")
            module = [sys.executable, "-m", "roadlens.cli.health"]
            assert subprocess.run(module, env=installation.environment, check=False).returncode == 0


def test_a_server_without_its_database_is_alive_and_not_ready(installation: Installation, postgres: Server) -> None:
    with postgres.copy_of(TEMPLATE) as url:
        installation.settings["DATABASE_URL"] = url
        with installation.server():
            name = sql.Identifier(make_url(url).database or "")
            postgres.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name), END_ALL)
            installation.run("health")
            assert "/readyz of 127.0.0.1" in installation.run("health", "--ready", fails=True)


def test_nobody_there_is_said_in_one_line(installation: Installation) -> None:
    said = installation.run("health", fails=True)
    assert re.fullmatch(
        r"roadlens: Nothing answers at 127\.0\.0\.1:\d+: .*HOST and PORT must be the server's\.\n", said
    )
