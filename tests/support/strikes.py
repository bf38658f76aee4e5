"""Kills processes in the middle of their transactions: first it stops one, then it looks, and only then it strikes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

# A client that goes on sends its next statement within milliseconds; one that is stopped never does.
LOOK_AGAIN_AFTER_S = 0.05

_OPEN = """
SELECT pid, state_change FROM pg_stat_activity
WHERE application_name = %s AND backend_xid IS NOT NULL AND state = 'idle in transaction'
"""
_WRITING = """
SELECT pid FROM pg_stat_activity
WHERE application_name = ANY(%s) AND backend_xid IS NOT NULL AND backend_type = 'client backend' ORDER BY random()
"""


class Striker:
    """Looks at one database, over a connection that it makes anew when a strike has ended that one too."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection | None = None

    def at_client(self, pid: int, name: str) -> bool:
        """Kill this client, which calls itself `name`, if it has written and not committed; else it goes on.

        A namesake that thinks for longer than a moment is taken for it: then the strike may be between transactions.
        """
        return self._stop_and_look(pid, lambda: self._left_open(name))

    def at_backend(self, names: list[str]) -> bool:
        """Kill PostgreSQL's own process behind one of the clients; PostgreSQL then ends all others and recovers."""
        return any(
            self._stop_and_look(pid, lambda pid=pid: pid in self._writing(names))  # type: ignore[misc]  # a default
            for pid in self._writing(names)[:1]
        )

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _stop_and_look(self, pid: int, in_the_middle: Callable[[], bool]) -> bool:
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:
            return False
        struck = False
        try:
            if in_the_middle():
                with suppress(ProcessLookupError):  # it had ended before it was stopped, and a namesake was seen
                    os.kill(pid, signal.SIGKILL)
                    struck = True
        finally:
            if not struck:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        return struck

    def _left_open(self, name: str) -> bool:
        """Whether a transaction is open that does not go on."""
        before = set(self._asked(_OPEN, name))
        if not before:
            return False
        time.sleep(LOOK_AGAIN_AFTER_S)
        return bool(before & set(self._asked(_OPEN, name)))

    def _writing(self, names: list[str]) -> list[int]:
        return [pid for (pid,) in self._asked(_WRITING, names)]

    def _asked(self, statement: str, parameter: object) -> list[tuple[Any, ...]]:
        """Nothing while PostgreSQL recovers."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
            return self._connection.execute(statement.encode(), [parameter]).fetchall()
        except psycopg.Error:
            self.close()
            self._connection = None
            return []
