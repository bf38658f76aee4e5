"""Clients that read: every question of every server, and those about what has just changed before all others."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from lab.connection import Answer, Connection, Unanswered
from lab.history import LONGEST_S
from lab.notes import Notes
from lab.orders import HOST, Address
from lab.pace import Pace
from lab.questions import NOT_FOUND, Question, Questions

# After so many answers a reader connects anew, and so meets another worker of the same server.
_NEW_CONNECTION_AFTER: Final = 200
_AFTER_FAILURE_S: Final = 0.05

# How often a reader asks for an answer unless it is the one that was seen last, as browsers do; and for
# it in fewer bytes.
_UNLESS_UNCHANGED: Final = 0.25
_COMPRESSED: Final = 0.1
# And for its headers alone, where they name the answer.
_HEADERS_ALONE: Final = 0.05
_NOT_MODIFIED: Final = 304

# When somebody is not answered for so long, others ask beside, again and again: a worker that sleeps for two leases is
# to find questions that were put after what it has not heard of yet.
_STUCK_S: Final = 0.2
_BESIDE_EVERY_S: Final = 0.35
_SPARES: Final = 12
# Seconds for which a connection may wait for its first request: the server says 408 after a while (docs/security.md).
_SPARED_S, _SPARED_WHEN_STUCK_S = 2.0, 7.0
_MOST_BESIDE: Final = 40


class Reader:
    """One connection at a time, to one server."""

    def __init__(self, server: Address, notes: Notes, questions: Questions, token: str, dice: random.Random) -> None:
        self._server = server
        self._connection = Connection(HOST, server.port)
        self._notes = notes
        self._urgent: deque[Question] = notes.reader()
        self._dice = dice
        self._often = [question for question in questions.all for _ in range(question.weight)]
        self._line = f"Host: lab\r\nAuthorization: Bearer {token}\r\n\r\n"
        self._began = time.monotonic()

    @property
    def stuck(self) -> bool:
        """Waits for an answer."""
        return time.monotonic() - self._began > _STUCK_S

    async def work(self, pace: Pace) -> None:
        asked = 0
        while True:
            question = self._urgent.popleft() if self._urgent else self._dice.choice(self._often)
            self._began = time.monotonic()
            await self._ask(question, self._connection)
            asked += 1
            if asked % _NEW_CONNECTION_AFTER == 0:
                self._connection.close()
            await pace.rest()

    async def beside(self, connection: Connection) -> None:
        """One more question, over another connection."""
        try:
            await self._ask(self._dice.choice(self._often), connection)
        finally:
            connection.close()

    async def _ask(self, question: Question, connection: Connection) -> None:
        more, known = "", self._notes.tagged.get(question.path)
        method = "HEAD" if known is not None and self._dice.random() < _HEADERS_ALONE else "GET"
        if known is not None and self._dice.random() < _UNLESS_UNCHANGED:
            more = f"If-None-Match: {known[0]}\r\n"
        if self._dice.random() < _COMPRESSED:
            more += "Accept-Encoding: gzip\r\n"
        try:
            answer = await connection.send(f"{method} {question.path} HTTP/1.1\r\n{more}{self._line}".encode())
        except Unanswered as lost:
            self._notes.failed(question.path, self._server.name, lost)
            await asyncio.sleep(_AFTER_FAILURE_S)
        else:
            if answer.ended - answer.began > LONGEST_S:
                self._notes.late(question.path, self._server.name, answer)
            if known is not None and answer.status == _NOT_MODIFIED:
                self._notes.unchanged(question, "admin", answer, known[1])
            else:
                await self._take(question, answer, method)

    async def _take(self, question: Question, answer: Answer, method: str) -> None:
        if method == "HEAD" and answer.status == 200:
            self._notes.named(question, "admin, its headers alone", answer)
        elif answer.status == 200 or (answer.status == NOT_FOUND and question.may_be_absent):
            self._notes.answered(question, "admin", answer)
        else:
            self._notes.failed(question.path, self._server.name, answer)
            await asyncio.sleep(_AFTER_FAILURE_S)


async def relieve(server: Address, readers: Sequence[Reader], dice: random.Random) -> None:
    """Ask beside the readers of a server while one of them waits.

    Over connections that were made before: those to a worker that sleeps are with it already. They are made anew before
    the server tells them that they are too slow.
    """
    spares: deque[tuple[float, Connection]] = deque()
    beside: set[asyncio.Task[None]] = set()
    try:
        while True:
            await asyncio.sleep(_STUCK_S / 2)
            stuck = any(reader.stuck for reader in readers)
            while spares and time.monotonic() - spares[0][0] > (_SPARED_WHEN_STUCK_S if stuck else _SPARED_S):
                spares.popleft()[1].close()
            if spares and len(beside) < _MOST_BESIDE and stuck:
                task = asyncio.create_task(dice.choice(readers).beside(spares.popleft()[1]))
                beside.add(task)
                task.add_done_callback(beside.discard)
                await asyncio.sleep(_BESIDE_EVERY_S)
            elif len(spares) < _SPARES:
                with suppress(Unanswered):
                    spares.append((time.monotonic(), Connection(HOST, server.port)))
                    await spares[-1][1].open()
    finally:
        for task in beside:
            task.cancel()
        for _, spare in spares:
            spare.close()
