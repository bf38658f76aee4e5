"""Clients that read: every question of every server, and those about what has just changed before all others."""

from __future__ import annotations

import asyncio
import random
from collections import deque

from lab.connection import Answer, Connection, Unanswered
from lab.notes import Notes
from lab.orders import HOST, Address
from lab.questions import NOT_FOUND, Question, Questions

# After so many answers a reader connects anew, and so meets another worker of the same server.
_NEW_CONNECTION_AFTER = 200
_AFTER_FAILURE_S = 0.05


class Reader:
    """One connection at a time, to one server."""

    def __init__(self, server: Address, notes: Notes, questions: Questions, token: str, dice: random.Random) -> None:
        self._server = server.name
        self._connection = Connection(HOST, server.port)
        self._notes = notes
        self._urgent: deque[Question] = notes.reader()
        self._dice = dice
        self._often = [question for question in questions.all for _ in range(question.weight)]
        self._line = f"Host: lab\r\nAuthorization: Bearer {token}\r\n\r\n"

    async def work(self, rest_s: float) -> None:
        asked = 0
        while True:
            question = self._urgent.popleft() if self._urgent else self._dice.choice(self._often)
            try:
                answer = await self._connection.send(f"GET {question.path} HTTP/1.1\r\n{self._line}".encode())
            except Unanswered as lost:
                self._notes.failed(question.path, self._server, lost)
                await asyncio.sleep(_AFTER_FAILURE_S)
                continue
            await self._take(question, answer)
            asked += 1
            if asked % _NEW_CONNECTION_AFTER == 0:
                self._connection.close()
            await asyncio.sleep(rest_s)

    async def _take(self, question: Question, answer: Answer) -> None:
        if answer.status == 200 or (answer.status == NOT_FOUND and question.may_be_absent):
            self._notes.answered(question, "admin", answer)
        else:
            self._notes.failed(question.path, self._server, answer)
            await asyncio.sleep(_AFTER_FAILURE_S)
