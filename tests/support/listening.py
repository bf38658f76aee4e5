"""Hears what the change feed tells at each commit, as any client of PostgreSQL can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection

from roadlens.storage.change_feed.messages import TAGS, Change, read_change

# PostgreSQL refuses a longer payload (manual, NOTIFY).
LONGEST_PAYLOAD = 7999


class Listener:
    """A connection that listens, and another one that changes something, each statement with its own commit."""

    def __init__(self, listening: Connection, changing: Connection) -> None:
        self._listening = listening
        self.changing = changing

    def changes(self) -> list[Change]:
        """All that was committed since the last call, in the order of commits."""
        # An own notification comes after all that was committed before it.
        self._listening.execute("NOTIFY roadlens_test_mark")
        found = []
        for notify in self._listening.notifies():
            if notify.channel != TAGS:
                break
            assert len(notify.payload.encode()) <= LONGEST_PAYLOAD
            found.append(read_change(notify.payload))
        return found

    def raised_by(self, *statements: str) -> set[str]:
        """The tags that one transaction of these statements raises; each once, whatever it did."""
        self.changes()
        with self.changing.transaction():
            for statement in statements:
                self.changing.execute(statement.encode())
        changes = self.changes()
        assert len(changes) <= 1
        tags = [raised.tag for change in changes for raised in change.raised]
        assert tags == sorted(set(tags))
        return set(tags)


@contextmanager
def listening(url: str) -> Iterator[Listener]:
    with psycopg.connect(url, autocommit=True) as hears, psycopg.connect(url, autocommit=True) as changes:
        hears.execute(f"LISTEN {TAGS}; LISTEN roadlens_test_mark".encode())
        yield Listener(hears, changes)
