"""What systemd hears of a server, over a socket as systemd opens it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from roadlens.cli import supervisor
from roadlens.storage.migrate import MIGRATION_LOCK
from tests.support.installation import ROADLENS, Installation
from tests.support.postgres import TEMPLATE, Server
from tests.support.workers import until, upgrades_of


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(120)
        yield listening


def words(heard: socket.socket, until: str) -> list[str]:
    """What is heard, up to a word that begins so; each word of the watchdog left out."""
    found: list[str] = []
    while not found or not found[-1].startswith(until):
        word = heard.recv(4096).decode()
        if word != supervisor.WATCHDOG or until == supervisor.WATCHDOG:
            found.append(word)
    return found


def test_a_server_with_workers(postgres: Server, tmp_path: Path, heard: socket.socket) -> None:
    with postgres.copy_of(TEMPLATE) as url:
        installation = Installation(tmp_path / "data", {"DATABASE_URL": url, "ROADLENS_WORKERS": "2"})
        asked = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
        server = subprocess.Popen(
            [ROADLENS, "serve"], env=installation.environment | asked, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            assert words(heard, supervisor.READY) == [supervisor.READY]
            for _ in range(3):
                words(heard, supervisor.WATCHDOG)
            server.send_signal(signal.SIGHUP)
            begun, done = words(heard, supervisor.READY)
            assert begun.startswith("RELOADING=1\nMONOTONIC_USEC=")
            assert done == supervisor.READY
        finally:
            server.send_signal(signal.SIGTERM)
            _, errors = server.communicate(timeout=120)
        assert words(heard, supervisor.STOPPING) == [supervisor.STOPPING]
        assert server.returncode == 0, errors


def test_a_stop_during_a_reload_is_the_last_word(postgres: Server, tmp_path: Path, heard: socket.socket) -> None:
    """1. A reload waits for its turn to upgrade the schema. 2. The server is told to stop. 3. And to reload, again."""
    with postgres.copy_of(TEMPLATE) as url, psycopg.connect(url, autocommit=True) as another:
        installation = Installation(tmp_path / "data", {"DATABASE_URL": url, "ROADLENS_WORKERS": "2"})
        environment = installation.environment | {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        server = subprocess.Popen([ROADLENS, "serve"], env=environment, stdout=subprocess.DEVNULL)
        try:
            words(heard, supervisor.READY)
            another.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
            server.send_signal(signal.SIGHUP)
            words(heard, "RELOADING=1")
            until(lambda: bool(upgrades_of(server.pid)))
            server.send_signal(signal.SIGTERM)
            words(heard, supervisor.STOPPING)
            server.send_signal(signal.SIGHUP)
            server.wait(timeout=120)
        finally:
            server.kill()
            server.wait()
    heard.setblocking(False)
    with pytest.raises(BlockingIOError):
        heard.recv(4096)


def test_an_abstract_address(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"roadlens-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        supervisor.tell(supervisor.READY)
        assert listening.recv(100) == b"READY=1"


async def test_a_supervisor_that_reads_nothing_holds_up_nobody(
    heard: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its socket takes some words, how many is the system's setting, and then none."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "2000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    for _ in range(2000):
        supervisor.tell(supervisor.WATCHDOG)
    with supervisor.watched():
        await asyncio.sleep(0.1)
    monkeypatch.setattr(supervisor, "_READ_WITHIN_S", 0.05)
    supervisor.tell(supervisor.STOPPING)
    assert heard.recv(100) == supervisor.WATCHDOG.encode()
    supervisor.tell(supervisor.STOPPING)
    assert words(heard, supervisor.STOPPING) == [supervisor.STOPPING]


def test_nobody_to_tell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for address in ("", "vsock:1:2", str(tmp_path / "gone")):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        supervisor.tell(supervisor.READY)
