"""The canary writes down what it had to wait for, and nothing else."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg

from lab import history
from lab.canary import _SLOW_S, KIND, watching
from lab.run import Log
from tests.support.postgres import Server
from tests.support.workers import until


def test_a_commit_that_waits_is_a_fault_of_the_database(postgres: Server, tmp_path: Path) -> None:
    with watching(postgres.address, Log(tmp_path)), psycopg.connect(postgres.url("postgres")) as other:
        until(lambda: committed(postgres) > 1)
        other.execute("LOCK TABLE canary IN ACCESS EXCLUSIVE MODE")
        until(lambda: waiting(postgres) > 0)
        time.sleep(1.1 * _SLOW_S)
        other.commit()
        until(lambda: bool(history.faults(tmp_path)))
    fault = history.faults(tmp_path)[0]
    assert (fault.kind, fault.target) == (KIND, "database")
    assert fault.ended - fault.began > _SLOW_S


def waiting(postgres: Server) -> int:
    """How many wait for the canary's table."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'canary'::regclass")
        counted = found.fetchone()
    return counted[0] if counted else 0


def committed(postgres: Server) -> int:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT to_regclass('canary')").fetchone()
        if found is None or found[0] is None:
            return 0
        counted = connection.execute("SELECT count(*) FROM canary").fetchone()
    return counted[0] if counted else 0
