"""Debian's PgBouncer before a PostgreSQL; as deployed, it lends connections for a transaction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.support.embedded_database import until
from tests.support.sandbox import Sandboxed
from tests.support.standing_postgres import DATABASE, PASSWORD, ROLE, StandingPostgres
from tests.support.valkey import HOST, free_port

CONFIG = Path(__file__).parents[2] / "deploy" / "pgbouncer" / "pgbouncer.ini"


# So few that one session serves many connections of both workers, in turns.
FEW = {"default_pool_size": "2", "reserve_pool_size": "0"}


@contextmanager
def running_pgbouncer(directory: Path, postgres: StandingPostgres, **settings: str) -> Iterator[str]:
    """Its address, without the password. It runs with the file of `deploy/`, but for ports, places and `settings`."""
    directory.mkdir(parents=True)
    port = free_port()
    written, there = CONFIG.read_text(), "host=db port=5432"
    assert there in written
    written = written.replace(there, f"host={HOST} port={postgres.port}")
    ours = {"listen_port": str(port), "listen_addr": HOST, "auth_file": str(directory / "userlist.txt")}
    for name, value in (ours | settings).items():
        line = f"{name} = {value}"
        written, found = re.subn(rf"^{name} = .*$", line, written, flags=re.MULTILINE)
        # The file's last section is PgBouncer's own.
        written += "" if found else f"{line}\n"
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
