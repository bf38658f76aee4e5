"""Users who are locked out and let in again, and who ask all the time whether they may: with the token of each time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from lab.connection import Connection, Unanswered
from lab.editors import Editor
from lab.fleet import USER_PASSWORD, Chain
from lab.notes import Notes
from lab.orders import HOST, Address
from lab.pace import Pace
from lab.questions import ADMIN
from lab.registers import AT_MOST, BEYOND, Seen

_PATHS = (f"{ADMIN}/dashboard/summary", f"{ADMIN}/drivers/LAB-05", f"{ADMIN}/vehicles", f"{ADMIN}/dashboard/attention")
_AFTER_FAILURE_S = 0.1
_UNAUTHORIZED = 401
# Times a reader's rest.
_LEISURELY = 5


class Watcher:
    """One user. While the version is odd the user is active; a token ends with the version it was given in."""

    def __init__(self, name: str, chain: Chain, editor: Editor, notes: Notes, dice: random.Random) -> None:
        self._name = name
        self._chain = chain
        self._editor = editor
        self._notes = notes
        self._dice = dice
        self._token = ""
        self._given_in = 0

    async def work(self, servers: Sequence[Address], every_s: float, pace: Pace) -> None:
        async with asyncio.TaskGroup() as tasks:
            for server in servers:
                tasks.create_task(self._ask(server, pace))
            tasks.create_task(self._change(servers, every_s))

    async def _change(self, servers: Sequence[Address], every_s: float) -> None:
        connections = [(server.name, Connection(HOST, server.port)) for server in servers]
        while True:
            if self._chain.number % 2:
                await self._sign_in(connections)
            await asyncio.sleep(every_s * self._dice.uniform(0.2, 1.0))
            if not await self._editor.edit(self._chain, {"active": self._chain.number % 2 == 0}):
                return

    async def _sign_in(self, connections: Sequence[tuple[str, Connection]]) -> None:
        while True:
            server, connection = self._dice.choice(connections)
            body = {"username": self._name, "password": USER_PASSWORD}
            try:
                answer = await connection.ask("POST", "/api/v1/auth/login", "", body)
            except Unanswered as lost:
                self._notes.failed("POST /auth/login", server, lost)
            else:
                if answer.status == 200:
                    self._token, self._given_in = answer.json()["access_token"], self._chain.number
                    return
                self._notes.failed("POST /auth/login", server, answer)
            await asyncio.sleep(_AFTER_FAILURE_S)

    async def _ask(self, server: Address, pace: Pace) -> None:
        connection, asked = Connection(HOST, server.port), 0
        while True:
            await pace.rest(_LEISURELY)
            token, given_in = self._token, self._given_in
            if not token:
                continue
            path = self._dice.choice(_PATHS)
            asked += 1
            try:
                answer = await connection.ask("GET", path, token, once=asked % 100 == 0)
            except Unanswered as lost:
                self._notes.failed(path, server.name, lost)
                await asyncio.sleep(_AFTER_FAILURE_S)
                continue
            if answer.status in (200, _UNAUTHORIZED):
                how = AT_MOST if answer.status == 200 else BEYOND
                self._notes.permitted(path, self._name, answer, Seen(self._chain.register, how, given_in))
            else:
                self._notes.failed(path, server.name, answer)
                await asyncio.sleep(_AFTER_FAILURE_S)
