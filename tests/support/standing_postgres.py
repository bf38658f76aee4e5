"""A PostgreSQL as an operator runs it: over TCP, with passwords, a role that owns Roadlens's database alone."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

import psycopg
from psycopg import sql

from roadlens.storage.embedded.binaries import find_binaries
from tests.support.embedded_database import until
from tests.support.sandbox import Sandboxed, sandboxed
from tests.support.valkey import HOST, free_port

OWNER, OWNER_PASSWORD = "postgres", "the operator's"
ROLE, PASSWORD, DATABASE = "roadlens", "sesame: 100 % @/#?", "roadlens"


@dataclass(frozen=True)
class StandingPostgres:
    """Where it is; a program that reads `url` needs `PASSWORD` beside it."""

    port: int
    programs: Path

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}@{HOST}:{self.port}/{DATABASE}"

    def execute(self, statement: str, *, database: str = "postgres", user: str = OWNER) -> list[tuple[object, ...]]:
        with self.connected(database, user) as connection:
            cursor = connection.execute(sql.SQL(statement))
            return cursor.fetchall() if cursor.description else []

    def connected(self, database: str, user: str = OWNER) -> psycopg.Connection[tuple[object, ...]]:
        password = OWNER_PASSWORD if user == OWNER else PASSWORD
        return psycopg.connect(
            host=HOST, port=self.port, user=user, password=password, dbname=database, autocommit=True
        )

    def run(self, program: str, *arguments: str | Path) -> None:
        """One of PostgreSQL's own programs, as the operator."""
        command = [self.programs / program, "-h", HOST, "-p", str(self.port), "-U", OWNER, *arguments]
        done = subprocess.run(command, env={"PGPASSWORD": OWNER_PASSWORD}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@contextmanager
def standing_postgres(directory: Path) -> Iterator[StandingPostgres]:
    """One with the role and its empty database, until the block ends."""
    directory.mkdir(parents=True)
    programs = find_binaries().postgres.parent
    cluster, port = directory / "cluster", free_port()
    (directory / "password").write_text(OWNER_PASSWORD)
    make: list[str | Path] = [
        programs / "initdb",
        "-D",
        cluster,
        "-U",
        OWNER,
        "-A",
        "scram-sha-256",
        "--pwfile",
        directory / "password",
    ]
    done = subprocess.run(sandboxed([*make, "--no-sync"], [directory]), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    options = {"listen_addresses": HOST, "port": port, "unix_socket_directories": "", "fsync": "off"}
    command: list[str | Path] = [
        programs / "postgres",
        "-D",
        cluster,
        *(f"--{name}={value}" for name, value in options.items()),
    ]
    process = Sandboxed(command, [directory], directory / "log")
    process.start()
    server = StandingPostgres(port, programs)
    try:
        until(lambda: process.ended or _answers(server), "PostgreSQL answers")
        server.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        server.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
        yield server
    finally:
        process.stop(SIGINT)


def _answers(server: StandingPostgres) -> bool:
    with suppress(psycopg.OperationalError), server.connected("postgres"):
        return True
    return False
