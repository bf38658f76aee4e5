"""Users who ask all the time whether they may, while they are locked out and let in, made admins and viewers, or given
a new password.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Final

from lab.connection import Answer, Connection, Unanswered
from lab.editors import Editor
from lab.fleet import USER_PASSWORD, Chain
from lab.notes import Notes
from lab.orders import HOST, Address
from lab.pace import Pace
from lab.questions import ADMIN
from lab.registers import AT_MOST, BEYOND, PARITY, Seen

_PATHS = (f"{ADMIN}/dashboard/summary", f"{ADMIN}/drivers/LAB-05", f"{ADMIN}/vehicles", f"{ADMIN}/dashboard/attention")
_ADMINS_ONLY: Final = f"{ADMIN}/audit?limit=1"
_AFTER_FAILURE_S = 0.1
_OK, _UNAUTHORIZED, _FORBIDDEN = 200, 401, 403
_NEW_CONNECTION_EVERY: Final = 100
# Times a reader's rest; what only admins may see is kept nowhere, and costs more.
_LEISURELY, _MORE_LEISURELY = 5, 25

# Who has just signed in is locked out at once so often, while servers are still asking whose the new token is.
_AT_ONCE, _AT_ONCE_S = 0.3, 0.03
# Seconds for which a token that has ended is tried on.
_REFUSED_FOR_S: Final = 1.0


class Asker:
    """A user with a token, who asks one thing after the other."""

    def __init__(self, name: str, notes: Notes, dice: random.Random) -> None:
        self._name = name
        self._notes = notes
        self._dice = dice
        self._token = ""

    async def _signed_in(self, connections: Sequence[tuple[str, Connection]]) -> str:
        """A new token, however often that takes."""
        while True:
            server, connection = self._dice.choice(connections)
            body = {"username": self._name, "password": USER_PASSWORD}
            try:
                answer = await connection.ask("POST", "/api/v1/auth/login", "", body)
            except Unanswered as lost:
                self._notes.failed("POST /auth/login", server, lost)
            else:
                if answer.status == _OK:
                    return str(answer.json()["access_token"])
                self._notes.failed("POST /auth/login", server, answer)
            await asyncio.sleep(_AFTER_FAILURE_S)

    async def _ask(self, server: Address, pace: Pace, rests: int) -> None:
        connection, asked = Connection(HOST, server.port), 0
        while True:
            await pace.rest(rests)
            if not self._token:
                continue
            asked += 1
            await self._once(server, connection, once=asked % _NEW_CONNECTION_EVERY == 0)

    async def _once(self, server: Address, connection: Connection, *, once: bool) -> None:
        path, told = self._question()
        try:
            answer = await connection.ask("GET", path, self._token, once=once)
        except Unanswered as lost:
            self._notes.failed(path, server.name, lost)
            await asyncio.sleep(_AFTER_FAILURE_S)
            return
        seen = told.get(answer.status)
        if seen is not None:
            self._notes.permitted(path, self._name, answer, seen)
            self._hear(answer)
        else:
            self._notes.failed(path, server.name, answer)
            await asyncio.sleep(_AFTER_FAILURE_S)

    def _hear(self, answer: Answer) -> None:
        """What the user makes of it."""

    def _question(self) -> tuple[str, dict[int, Seen]]:
        """What to ask, and what each status says of the user."""
        raise NotImplementedError


class Holder(Asker):
    """A token ends with the version of the user that it was given in."""

    def __init__(self, name: str, chain: Chain, notes: Notes, dice: random.Random) -> None:
        super().__init__(name, notes, dice)
        self._chain = chain
        self._given_in = 0

    def _question(self) -> tuple[str, dict[int, Seen]]:
        user, given_in = self._chain.register, self._given_in
        told = {_OK: Seen(user, AT_MOST, given_in), _UNAUTHORIZED: Seen(user, BEYOND, given_in)}
        return self._dice.choice(_PATHS), told


class Watcher(Holder):
    """While the version is odd the user is active."""

    def __init__(self, name: str, chain: Chain, editor: Editor, notes: Notes, dice: random.Random) -> None:
        super().__init__(name, chain, notes, dice)
        self._editor = editor

    async def work(self, servers: Sequence[Address], every_s: float, pace: Pace) -> None:
        async with asyncio.TaskGroup() as tasks:
            for server in servers:
                tasks.create_task(self._ask(server, pace, _LEISURELY))
            tasks.create_task(self._change(servers, every_s))

    async def _change(self, servers: Sequence[Address], every_s: float) -> None:
        connections = [(server.name, Connection(HOST, server.port)) for server in servers]
        while True:
            at_once = False
            if self._chain.number % 2:
                token = await self._signed_in(connections)
                self._token, self._given_in = token, self._chain.number
                at_once = self._dice.random() < _AT_ONCE
            await asyncio.sleep(self._dice.uniform(0, _AT_ONCE_S) if at_once else every_s * self._dice.uniform(0.2, 1))
            if not await self._editor.edit(self._chain, {"active": self._chain.number % 2 == 0}):
                return


class Renewed(Holder):
    """Somebody else gives the user a password now and then, which ends the tokens of before."""

    def __init__(self, name: str, chain: Chain, admin_token: str, notes: Notes, dice: random.Random) -> None:
        super().__init__(name, chain, notes, dice)
        self._admin_token = admin_token
        self._ended = asyncio.Event()

    async def work(self, servers: Sequence[Address], pace: Pace) -> None:
        async with asyncio.TaskGroup() as tasks:
            for server in servers:
                tasks.create_task(self._ask(server, pace, _LEISURELY))
            tasks.create_task(self._renew([(server.name, Connection(HOST, server.port)) for server in servers]))

    async def _renew(self, connections: Sequence[tuple[str, Connection]]) -> None:
        """Take a new token a while after the one before was refused: nobody else is to accept that meanwhile."""
        while True:
            before = await self._version(connections)
            token = await self._signed_in(connections)
            if await self._version(connections) != before:
                continue  # nobody knows which of the two it is of
            self._ended.clear()
            self._token, self._given_in = token, before
            await self._ended.wait()
            await asyncio.sleep(_REFUSED_FOR_S)

    async def _version(self, connections: Sequence[tuple[str, Connection]]) -> int:
        """As the database has it: this answer is kept by nobody."""
        while True:
            server, connection = self._dice.choice(connections)
            try:
                answer = await connection.ask("GET", self._chain.path, self._admin_token)
            except Unanswered as lost:
                self._notes.failed(self._chain.path, server, lost)
            else:
                if answer.status == _OK:
                    return int(answer.json()["version"])
                self._notes.failed(self._chain.path, server, answer)
            await asyncio.sleep(_AFTER_FAILURE_S)

    def _hear(self, answer: Answer) -> None:
        if answer.status == _UNAUTHORIZED:
            self._ended.set()


class Promoted(Asker):
    """While the version is even the user is an admin, with the same token all the time."""

    def __init__(self, name: str, chain: Chain, notes: Notes, dice: random.Random) -> None:
        super().__init__(name, notes, dice)
        self._user = chain.register

    async def work(self, servers: Sequence[Address], pace: Pace) -> None:
        self._token = await self._signed_in([(server.name, Connection(HOST, server.port)) for server in servers])
        await asyncio.gather(*(self._ask(server, pace, _MORE_LEISURELY) for server in servers))

    def _question(self) -> tuple[str, dict[int, Seen]]:
        return _ADMINS_ONLY, {_OK: Seen(self._user, PARITY, 0), _FORBIDDEN: Seen(self._user, PARITY, 1)}
