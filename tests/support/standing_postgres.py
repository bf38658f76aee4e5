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
def standing_postgres(directory: Path, **options: str) -> Iterator[StandingPostgres]:
    """One with the role and its empty database, until the block ends; `options` are PostgreSQL's own."""
    directory.mkdir(parents=True)
    cluster, password = directory / "cluster", directory / "password"
    password.write_text(OWNER_PASSWORD)
    who: list[str | Path] = ["-U", OWNER, "-A", "scram-sha-256", "--pwfile", password]
    make = sandboxed([find_binaries().postgres.with_name("initdb"), "-D", cluster, *who, "--no-sync"], [directory])
    done = subprocess.run(make, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with running_cluster(cluster, **options) as server:
        password.write_text(f"{PASSWORD}\n")
        server.run(SCRIPT, ROADLENS_PASSWORD_FILE=str(password))
        yield server


@contextmanager
def running_cluster(cluster: Path, **options: str) -> Iterator[StandingPostgres]:
    """A server on the files of one, which may also write beside them."""
    postgres, port = find_binaries().postgres, free_port()
    ours = {"listen_addresses": HOST, "port": str(port), "unix_socket_directories": "", "fsync": "off"} | options
    command: list[str | Path] = [postgres, "-D", cluster, *(f"--{name}={value}" for name, value in ours.items())]
    process = Sandboxed(command, [cluster.parent], cluster.parent / "log")
    process.start()
    server = StandingPostgres(port, postgres.parent)
    try:
        until(lambda: process.ended or _answers(server), "PostgreSQL answers")
        assert not process.ended, process.said()
        yield server
    finally:
        process.stop(SIGINT)


def _answers(server: StandingPostgres) -> bool:
    with suppress(psycopg.OperationalError), server.connected("postgres"):
        return True
    return False
