"""Clients that edit: drivers, vehicles, the assignment, an event; and hire and dismiss, one after the other."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from lab.connection import STOPPED, Answer, Connection, Unanswered
from lab.fleet import Chain, Fleet
from lab.notes import Notes
from lab.orders import HOST, Address
from lab.questions import Question, Questions
from lab.registers import ASSIGNMENT, EVENT, GONE, HIRED, driver

_AGAIN_AFTER_S = 0.1
PRECONDITION_FAILED, _CONFLICT, _NOT_FOUND = 412, 409, 404


class Desk:
    """Where edits are made: a connection to each server, and an admin's token."""

    def __init__(
        self, servers: Sequence[Address], notes: Notes, token: str, dice: random.Random, home: Address | None = None
    ) -> None:
        """`home`: where each edit is tried first."""
        self._connections = [(server.name, Connection(HOST, server.port)) for server in servers]
        self._at_home = [each for each in self._connections if home is not None and each[0] == home.name]
        self._notes = notes
        self._token = token
        self._dice = dice

    async def once(
        self,
        method: str,
        path: str,
        register: str,
        number: int,
        body: object = None,
        more: str = "",
        *,
        again: bool = False,
        author: int = 0,
    ) -> Answer | None:
        """One attempt at one of the servers, written down; None if nobody knows what came of it.

        `author`: the attempt's own number, of those that others make of the same register meanwhile.
        """
        at_home = self._at_home and not again
        server, connection = self._dice.choice(self._at_home if at_home else self._connections)
        began = time.monotonic()
        try:
            answer = await connection.ask(method, path, self._token, body, more)
        except asyncio.CancelledError:
            self._notes.written(register, number, server, Unanswered(STOPPED, began), False, author)
            raise
        except Unanswered as lost:
            self._notes.written(register, number, server, lost, False, author)
            self._notes.failed(f"{method} {register}", server, lost, shared=author > 0)
            return None
        self._notes.written(register, number, server, answer, 200 <= answer.status < 300, author)
        if answer.status not in (200, 201, 204, PRECONDITION_FAILED, _CONFLICT, _NOT_FOUND):
            self._notes.failed(f"{method} {register}", server, answer, shared=author > 0)
            return None
        return answer

    async def read(self, question: Question) -> Answer | None:
        """Ask as a reader does, of one of the servers; None if that does not answer."""
        server, connection = self._dice.choice(self._connections)
        try:
            answer = await connection.ask("GET", question.path, self._token)
        except Unanswered as lost:
            self._notes.failed(question.path, server, lost)
            return None
        if answer.status != 200:
            self._notes.failed(question.path, server, answer)
            return None
        self._notes.answered(question, "admin", answer)
        return answer


class Editor:
    """Edits its chains at random. Nobody else does, so what it is told of their versions can be checked."""

    def __init__(self, desk: Desk, notes: Notes, questions: Questions, fleet: Fleet, dice: random.Random) -> None:
        self._desk = desk
        self._notes = notes
        self._questions = questions
        self._ended = (fleet.started - timedelta(days=29)).isoformat()
        self._promoted = fleet.promoted.register
        self._dice = dice

    async def work(self, chains: Sequence[Chain], every_s: float) -> None:
        chains = list(chains)
        while chains:
            await asyncio.sleep(every_s * self._dice.uniform(0.5, 1.5))
            chain = self._dice.choice(chains)
            if not await self.edit(chain, self._body(chain)):
                chains.remove(chain)

    async def edit(self, chain: Chain, body: dict[str, Any]) -> bool:
        """Give it its next version, however often that takes. False: somebody else has edited it.

        The version that is asked for in `If-Match` makes an attempt that arrives late, or twice, do nothing.
        """
        number, unknown = chain.number + 1, False
        while True:
            more = f'If-Match: "{chain.number}"\r\n'
            answer = await self._desk.once("PATCH", chain.path, chain.register, number, body, more, again=unknown)
            if answer is not None and answer.status == 200:
                if answer.json()["version"] != number:
                    self._notes.wrong(f"{chain.register}: {number} became {answer.json()['version']}", answer.ended)
                    return False
                break
            if answer is not None and not unknown:
                self._notes.wrong(f"{chain.register}: {chain.number} is gone: {answer.body!r}", answer.ended)
                return False
            if answer is not None and answer.status == PRECONDITION_FAILED:
                break  # an attempt before this one has arrived after all
            unknown = True
            await asyncio.sleep(_AGAIN_AFTER_S)
        chain.number = number
        self._notes.look_at(self._questions.about.get(chain.register, ()), self._dice)
        return True

    def _body(self, chain: Chain) -> dict[str, Any]:
        """What the next version says."""
        number = chain.number + 1
        if chain.register == ASSIGNMENT:
            return {"valid_to": None if number % 2 else self._ended}
        if chain.register == EVENT:
            return {"state": "dismissed" if number % 2 else "coached", "note": f"N{number}"}
        if chain.register == self._promoted:
            return {"role": "viewer" if number % 2 else "admin"}
        if chain.register.startswith("vehicle"):
            return {"name": f"N{number}"}
        return {"last_name": f"N{number}", "first_name": "Odd" if number % 2 else "Even"}


class Hirer:
    """Makes a driver, and deletes one made before."""

    def __init__(self, desk: Desk, notes: Notes, questions: Questions, dice: random.Random) -> None:
        self._desk = desk
        self._notes = notes
        self._questions = questions
        self._dice = dice

    async def work(self, every_s: float) -> None:
        hired: list[str] = []
        for number in count(1):
            driver_id = f"HIRED-{number}"
            if await self._hire(driver_id):
                hired.append(driver_id)
            self._look(f"HIRED-{number + 1}")  # who is not there yet
            await asyncio.sleep(every_s * self._dice.uniform(0.5, 1.5))
            if len(hired) > 3:
                await self._dismiss(hired.pop(self._dice.randrange(len(hired))))
                await asyncio.sleep(every_s * self._dice.uniform(0.5, 1.5))

    async def _hire(self, driver_id: str) -> bool:
        """Whether the driver may be dismissed. After an attempt of which nobody knows what has become it may not: that
        one may yet arrive, and make again who had been deleted.
        """
        body = {"driver_id": driver_id, "first_name": "Hired", "last_name": "Somebody"}
        known = True
        while True:
            answer = await self._desk.once("POST", "/api/v1/admin/drivers", driver(driver_id), 1, body)
            if answer is not None:
                if answer.status != 201 and known:
                    self._notes.wrong(f"{driver_id} is there already: {answer.body!r}", answer.ended)
                self._look(driver_id)
                return known
            known = False
            await asyncio.sleep(_AGAIN_AFTER_S)

    async def _dismiss(self, driver_id: str) -> None:
        known = True
        while True:
            path = f"/api/v1/admin/drivers/{driver_id}"
            answer = await self._desk.once("DELETE", path, driver(driver_id), GONE)
            if answer is not None:
                if answer.status != 204 and known:
                    self._notes.wrong(f"{driver_id} is not there: {answer.body!r}", answer.ended)
                self._look(driver_id)
                return
            known = False
            await asyncio.sleep(_AGAIN_AFTER_S)

    def _look(self, driver_id: str) -> None:
        self._notes.look_at([self._questions.of_hired(driver_id), *self._questions.about[HIRED]], self._dice)


class Announcer:
    """Announces devices, one after the other: how many there are is a register."""

    def __init__(self, desk: Desk, notes: Notes, questions: Questions, dice: random.Random) -> None:
        self._desk = desk
        self._notes = notes
        self._questions = questions
        self._dice = dice

    async def work(self, chain: Chain, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s * self._dice.uniform(0.5, 1.5))
            chain.number += 1
            body = {"unique_id": f"announced-{chain.number}"}
            # A conflict: an attempt before this one has arrived after all.
            answer = None
            while answer is None:
                answer = await self._desk.once("POST", chain.path, chain.register, chain.number, body)
                await asyncio.sleep(_AGAIN_AFTER_S)
            self._notes.look_at(self._questions.about[chain.register], self._dice)
