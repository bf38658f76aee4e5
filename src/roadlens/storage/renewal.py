"""Connections of a pool that are open and may be dead: they are opened anew when somebody wants them.

Disposing of the whole pool instead would leave those that somebody holds just then to an older pool: nobody closes
them when they come back, and they count towards no limit.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry


class Renewal:
    """Knows of each connection before how many renewals it was opened."""

    def __init__(self, engine: Engine) -> None:
        self._renewals = 0
        event.listen(engine, "connect", self._opened)
        event.listen(engine, "checkout", self._wanted)

    def renew(self) -> None:
        """What is open now is lent to nobody any more."""
        self._renewals += 1

    def _opened(self, _connection: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["renewals"] = self._renewals

    def _wanted(self, _connection: Any, entry: ConnectionPoolEntry, _lent: Any) -> None:
        if entry.info["renewals"] != self._renewals:
            raise DisconnectionError  # the pool closes it and opens another one in its place
