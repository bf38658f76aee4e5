"""Debian's PgBouncer before a PostgreSQL, lending connections for a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.support.embedded_database import until
from tests.support.sandbox import Sandboxed
from tests.support.standing_postgres import DATABASE, PASSWORD, ROLE, StandingPostgres
from tests.support.valkey import HOST, free_port

CONFIG = Path(__file__).parents[2] / "deploy" / "pgbouncer" / "pgbouncer.ini"


@contextmanager
def running_pgbouncer(directory: Path, postgres: StandingPostgres) -> Iterator[str]:
    """Its address, without the password. It runs with the file of `deploy/`, but for ports and places."""
    directory.mkdir(parents=True)
    port = free_port()
    written = CONFIG.read_text()
    for found, ours in {
        "host=db port=5432": f"host={HOST} port={postgres.port}",
        "listen_port = 6432": f"listen_port = {port}",
        "listen_addr = 0.0.0.0": f"listen_addr = {HOST}",
        "/etc/pgbouncer/userlist.txt": str(directory / "userlist.txt"),
        # So few that one session serves many connections of both workers, in turns.
        "default_pool_size = 30": "default_pool_size = 2",
        "reserve_pool_size = 5": "reserve_pool_size = 0",
    }.items():
        assert found in written
        written = written.replace(found, ours)
    (directory / "pgbouncer.ini").write_text(written)
    (directory / "userlist.txt").write_text(f'"{ROLE}" "{PASSWORD}"\n')
    process = Sandboxed(["pgbouncer", directory / "pgbouncer.ini"], [directory], directory / "log")
    process.start()
    try:
        until(lambda: process.ended or "process up" in process.said(), "PgBouncer runs")
        assert not process.ended, process.said()
        yield f"postgresql://{ROLE}@{HOST}:{port}/{DATABASE}"
    finally:
        process.stop()


def reconnect(url: str) -> None:
    """Let it forget the connections it has."""
    with psycopg.connect(url, password=PASSWORD, dbname="pgbouncer", autocommit=True) as console:
        console.execute("RECONNECT")
