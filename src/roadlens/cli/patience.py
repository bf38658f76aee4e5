"""How long a connection may keep its place without getting on: slow heads, slow bodies, and answers nobody reads.

Looked at once a second for all connections of a process, from outside: requests themselves pay nothing for it. Who
waits for an answer that is being computed may wait as long as it takes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from roadlens.cli.protocol import Protocol

EVERY_S: Final = 1.0

# Seconds for a request's head, from the connection or from the answer before: it fits in one packet or a few.
HEAD_S: Final = 10.0
# Seconds for a body, and bytes that buy another second. Apache's mod_reqtimeout gives 20 and asks for 500.
BODY_S: Final = 30.0
BODY_RATE: Final = 1000
# Seconds in which somebody must take at least one byte of an answer that waits for them.
READ_S: Final = 60.0


@dataclass(slots=True)
class _Standstill:
    """What a connection was seen to wait for, since when, and how much of a body it had sent by then.

    `late`: when its time was over, something had come that this process had not read yet.
    """

    phase: str
    thing: object
    since: float
    received: int
    late: bool = False


class Patience:
    """Between `begin` and `end`, connections that do not get on are closed."""

    def __init__(self, connections: Collection[object], clock: Callable[[], float] = time.monotonic) -> None:
        self._connections = connections
        self._clock = clock
        self._seen: dict[Protocol, _Standstill] = {}
        self._next: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        self._next = asyncio.get_running_loop().call_later(EVERY_S, self._again)

    def end(self) -> None:
        if self._next is not None:
            self._next.cancel()

    def look(self) -> None:
        """Look at every connection once."""
        now, seen = self._clock(), {}
        for connection in [each for each in self._connections if isinstance(each, Protocol)]:
            before, at = self._seen.get(connection), _at(connection)
            if at is None:
                continue
            if before is None or before.phase != at[0] or before.thing is not at[1]:
                before = _Standstill(*at, now, connection.received)
            elif now - before.since >= _most(before, connection):
                if before.late or not _comes_late(before, connection):
                    _close(connection, before.phase)
                    continue
                before.late = True
            seen[connection] = before
        self._seen = seen

    def _again(self) -> None:
        self.look()
        self.begin()


def _at(connection: Protocol) -> tuple[str, object] | None:
    """What it waits for its client to do, and for which thing; None if it waits for us."""
    cycle: Any = connection.cycle  # none before the first request, which uvicorn's types leave out
    unread = connection.transport.get_write_buffer_size()
    if unread:  # of an answer under way, or of one that is whole here and waits to go
        return f"read {unread}", cycle
    if cycle is None or connection.scope is not cycle.scope:
        return "head", connection.scope
    if cycle.response_complete:
        return "head", cycle
    return ("body", cycle) if cycle.more_body else None


def _most(standstill: _Standstill, connection: Protocol) -> float:
    if standstill.phase == "head":
        return HEAD_S
    if standstill.phase == "body":
        return BODY_S + (connection.received - standstill.received) / BODY_RATE
    return READ_S


def _comes_late(standstill: _Standstill, connection: Protocol) -> bool:
    """Whether it is this process that has not got on, having been busy or asleep. It has one more look for that."""
    return not standstill.phase.startswith("read") and not connection.transport.is_closing() and connection.has_unread()


def _close(connection: Protocol, phase: str) -> None:
    cycle: Any = connection.cycle
    if phase == "head" and cycle is not None and cycle.response_complete and connection.scope is cycle.scope:
        connection.transport.close()
    elif phase == "head":
        connection.refuse(408, "The request did not come in time.")
    else:
        # What waits to be sent would keep the connection open.
        connection.transport.abort()
