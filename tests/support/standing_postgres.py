"""A PostgreSQL as an operator runs it: over TCP, with passwords, a role that owns Roadlens's database alone."""

from __future__ import annotations

import os
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
SCRIPT = Path(__file__).parents[2] / "deploy" / "postgres" / "roadlens.sh"
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

    def run(self, program: str | Path, *arguments: str | Path, **environment: str) -> None:
        """One of PostgreSQL's own programs, or a script that calls them, as the operator."""
        operator = {"PGHOST": HOST, "PGPORT": str(self.port), "PGUSER": OWNER, "PGPASSWORD": OWNER_PASSWORD}
        operator["PATH"] = f"{self.programs}:{os.environ['PATH']}"
        done = subprocess.run(
            [self.programs / program if isinstance(program, str) else program, *arguments],
            env=operator | environment,
            capture_output=True,
            text=True,
            check=False,
        )
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
        (directory / "role-password").write_text(f"{PASSWORD}\n")
        server.run(SCRIPT, ROADLENS_PASSWORD_FILE=str(directory / "role-password"))
        yield server
    finally:
        process.stop(SIGINT)


def _answers(server: StandingPostgres) -> bool:
    with suppress(psycopg.OperationalError), server.connected("postgres"):
        return True
    return False
