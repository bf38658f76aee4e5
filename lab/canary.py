"""Somebody who commits to the same PostgreSQL all the time, past Roadlens: a disk that stands still is nobody's fault.

What the canary waited for goes into the history as a fault of the database.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy.engine import make_url

from lab.history import Fault
from lab.run import Log

KIND: Final = "slow by itself"

# Seconds of a commit of one row that are written down, and between commits.
_SLOW_S: Final = 0.5
_EVERY_S: Final = 0.25

_TABLE: Final = b"CREATE TABLE IF NOT EXISTS canary (at timestamptz)"
_COMMIT: Final = b"INSERT INTO canary VALUES (now())"


@contextmanager
def watching(database_url: str, log: Log) -> Iterator[None]:
    """It commits in the block."""
    over = threading.Event()
    # Another database of the same server: they share its log, and so its disk.
    address = make_url(database_url).set(database="postgres").render_as_string(hide_password=False)
    thread = threading.Thread(target=_commit, args=(address, log, over), name="canary")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _commit(address: str, log: Log, over: threading.Event) -> None:
    while not over.is_set():
        try:
            with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
                connection.execute(_TABLE)
                while not over.wait(_EVERY_S):
                    began = time.monotonic()
                    connection.execute(_COMMIT)
                    ended = time.monotonic()
                    if ended - began > _SLOW_S:
                        log.add(Fault(KIND, "database", began, ended))
        except psycopg.Error:
            over.wait(_EVERY_S)
