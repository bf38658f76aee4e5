"""What somebody with `psql` does to a database under way, and what of it is a write that readers must see."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

import psycopg

from lab.harms import Harm
from lab.history import Event, Written
from lab.registers import SCORE_VERSION, ZIP_CODES
from lab.site import Site

# A change by other SQL is told at once; a worker that hears nothing loses its lease of 2 s (docs/change-feed.md).
HEARD_S: Final = 2.5

_REWRITTEN: Final = (b"drivers", b"vehicles", b"users", b"device_assignments", b"cache_tag", b"cache_worker")
_END_FEEDS: Final = b"""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'roadlens feed'
"""
_END_ALL: Final = b"""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
# So many rows that it raises the bulk tag, and one row of a table that nobody edits over the API.
_SET_ZIP_CODES: Final = b"UPDATE drivers SET zip_code = %s WHERE zip_code IS NOT NULL"
_NOTE_SCORE_VERSION: Final = b"UPDATE score_versions SET note = %s, created_at = clock_timestamp() WHERE active"
_LOCK_WAIT: Final = b"SET lock_timeout = '3s'"


class Statements:
    """One person at a prompt. `events` is what has been written."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._numbers: Counter[str] = Counter()
        self.events: list[Event] = []

    def harms(self) -> Iterator[Harm]:
        # Not apart from each other: statements wait for one another as they do in life.
        yield Harm("bulk update", "rows of the database", self._write(ZIP_CODES, _SET_ZIP_CODES), 4)
        yield Harm("update", "rows of the database", self._write(SCORE_VERSION, _NOTE_SCORE_VERSION), 2)
        yield Harm("VACUUM FULL", "tables of the database", self._rewrite, 2)
        yield Harm("end of feeds", "database, its connections", self._told(_END_FEEDS), 3)
        yield Harm("end of all connections", "database, its connections", self._told(_END_ALL), 1)
        yield Harm("lock", "rows of the database", self._lock, 1)

    def _write(self, register: str, statement: bytes) -> Callable[[random.Random], None]:
        """A write of one statement, which is given a text with its number. An attempt that failed is none."""

        def write(dice: random.Random) -> None:  # noqa: ARG001 - every harm takes the dice
            number, began = self._numbers[register] + 1, time.monotonic()
            try:
                with self._site.connected() as connection:
                    connection.execute(_LOCK_WAIT)
                    connection.execute(statement, [f"Z{number}"])
            except psycopg.Error:
                self.events.append(Written(register, number, began, time.monotonic(), False, "psql"))
                return
            self._numbers[register] = number
            self.events.append(Written(register, number, began, time.monotonic() + HEARD_S, True, "psql"))

        return write

    def _rewrite(self, dice: random.Random) -> None:
        self._tried(b"VACUUM FULL " + dice.choice(_REWRITTEN))

    def _lock(self, dice: random.Random) -> None:
        """Writers wait for rows that somebody looks at."""
        self._tried(
            b"DO $$ BEGIN PERFORM FROM cache_tag FOR UPDATE; PERFORM pg_sleep(%s); END $$"
            % str(dice.uniform(0.1, 1)).encode()
        )

    def _told(self, statement: bytes) -> Callable[[random.Random], None]:
        return lambda _: self._tried(statement)

    def _tried(self, statement: bytes) -> None:
        """Somebody else may be doing harm to the database just now."""
        try:
            with self._site.connected() as connection:
                connection.execute(_LOCK_WAIT)
                connection.execute(statement)
        except psycopg.Error:
            return
