"""What somebody with `psql` does to a database under way, and what of it is a write that readers must see."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Final

import psycopg

from lab.harms import Harm
from lab.history import Event, Written
from lab.registers import ZIP_CODES
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
_LOCK_WAIT: Final = b"SET lock_timeout = '3s'"


class Statements:
    """One person at a prompt. `events` is what has been written."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._number = 0
        self.events: list[Event] = []

    def harms(self) -> Iterator[Harm]:
        # Not apart from each other: statements wait for one another as they do in life.
        yield Harm("bulk update", "rows of the database", self._set_zip_codes, 4)
        yield Harm("VACUUM FULL", "tables of the database", self._rewrite, 2)
        yield Harm("end of feeds", "database, its connections", self._told(_END_FEEDS), 3)
        yield Harm("end of all connections", "database, its connections", self._told(_END_ALL), 1)
        yield Harm("lock", "rows of the database", self._lock, 1)

    def _set_zip_codes(self, dice: random.Random) -> None:  # noqa: ARG002 - every harm takes the dice
        """A write of one statement to so many rows that it raises the bulk tag. An attempt that failed is none."""
        number, began = self._number + 1, time.monotonic()
        try:
            with self._site.connected() as connection:
                connection.execute(_LOCK_WAIT)
                connection.execute(b"UPDATE drivers SET zip_code = %s WHERE zip_code IS NOT NULL", [f"Z{number}"])
        except psycopg.Error:
            self.events.append(Written(ZIP_CODES, number, began, time.monotonic(), False, "psql"))
            return
        self._number = number
        self.events.append(Written(ZIP_CODES, number, began, time.monotonic() + HEARD_S, True, "psql"))

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
