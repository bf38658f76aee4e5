"""The server as a process: what it says, whom it refuses to share with, and how it goes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from roadlens.cli.main import app
from roadlens.errors import RoadlensError
from roadlens.storage.embedded.provider import running_url
from roadlens.storage.migrate import MIGRATION_LOCK
from tests.support.installation import ROADLENS, Installation
from tests.support.postgres import TEMPLATE, Server
from tests.support.workers import until


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "data", {"ROADLENS_ADMIN_PASSWORD": ""})


def test_a_server_from_start_to_stop(installation: Installation, tmp_path: Path) -> None:
    said = tmp_path / "said"
    with said.open("wb") as output:
        process = subprocess.Popen([ROADLENS, "serve"], env=installation.environment, stdout=output, stderr=output)
    try:
        address = _address(process, said)
        _sign_in_as_told(installation, said.read_text(), address)
        port = address.rpartition(":")[2]
        assert f"Another program listens on 127.0.0.1, port {port}" in _refused(
            {**installation.environment, "PORT": port}
        )
        assert f"Another Roadlens server (pid {process.pid})" in _refused(installation.environment)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0, said.read_text()
    assert running_url(installation.data_dir) is None
    assert "Traceback" not in said.read_text()


def _address(process: subprocess.Popen[bytes], said: Path) -> str:
    while process.poll() is None:
        if found := re.search(r"running at (http://[\d.]+:\d+)\n(?s:.*)Ctrl-C", said.read_text()):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(said.read_text())


def _sign_in_as_told(installation: Installation, announcement: str, address: str) -> None:
    """The announcement shows how to get the password, but not the password; its commands work as they stand."""
    file = installation.data_dir / "admin-password"
    password = file.read_text().strip()
    assert password not in announcement
    assert f"cat {file}" in announcement
    login = {"username": "admin", "password": password}
    assert httpx.post(f"{address}/api/v1/auth/login", json=login).status_code == 200
    commands = re.search(r"First step(.*?)\n\n", announcement, re.DOTALL)
    assert commands is not None
    done = subprocess.run(["/bin/sh", "-c", commands[1]], capture_output=True, text=True, check=False)
    assert '"total_drivers":0' in done.stdout, done


def _refused(environment: dict[str, str]) -> str:
    """The one line that a second server ends with."""
    done = subprocess.run(
        [ROADLENS, "serve"], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    return line


def test_what_stops_a_start_is_said_in_a_sentence(installation: Installation) -> None:
    for settings, said in (
        ({"PORT": "eighty"}, "PORT is not acceptable: it must be a whole number"),
        ({"HOST": "no.such.host.invalid"}, "HOST no.such.host.invalid cannot be found"),
        ({"HOST": "192.0.2.1"}, "Cannot listen on 192.0.2.1"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, "The database cannot be reached"),
        ({"DATABASE_URL": "sqlite:///roadlens.db"}, "DATABASE_URL must look like postgresql://"),
    ):
        stopped = CliRunner().invoke(app, ["serve"], env=installation.environment | settings).exception
        assert isinstance(stopped, RoadlensError)
        assert stopped.detail.startswith(said)


def test_a_signal_during_the_opening_leaves_nothing_behind(installation: Installation) -> None:
    process = subprocess.Popen(
        [ROADLENS, "serve"],
        env=installation.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    while not (installation.data_dir / "postgres.lock").exists() and process.poll() is None:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode in (0, 130), errors
    assert b"Traceback" not in errors
    assert running_url(installation.data_dir) is None


def test_a_stop_while_another_process_migrates(postgres: Server, tmp_path: Path) -> None:
    """It does not wait for its turn first, which may take as long as the other one does."""
    said = tmp_path / "said"
    with postgres.copy_of(TEMPLATE) as url, psycopg.connect(url, autocommit=True) as other, said.open("wb") as output:
        other.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        environment = Installation(tmp_path / "data", {"DATABASE_URL": url}).environment
        process = subprocess.Popen([ROADLENS, "serve"], env=environment, stdout=output, stderr=output)
        try:
            until(lambda: "waiting for it" in said.read_text())
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=120) == 128 + signal.SIGINT
        finally:
            process.kill()
            process.wait()
