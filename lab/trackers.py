"""Devices that report: each position again and again until it is acknowledged, at whichever server."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from itertools import count

from lab import drives
from lab.connection import STOPPED, Answer, Connection, Unanswered
from lab.fleet import Fleet
from lab.notes import Notes
from lab.orders import HOST, Address
from lab.registers import COMMUTES

_AGAIN_AFTER_S = 0.1
_AGAIN_AT_LEAST_EVERY_S = 1.0
_BATCH = 20


class Tracker:
    """One device."""

    def __init__(
        self, device: str, servers: Sequence[Address], notes: Notes, fleet: Fleet, dice: random.Random
    ) -> None:
        self._device = device
        self._connections = [(server.name, Connection(HOST, server.port)) for server in servers]
        self._notes = notes
        self._fleet = fleet
        self._dice = dice

    async def report(self, every_s: float) -> None:
        """Positions one by one, and now and then many together."""
        number = 0
        while True:
            many = _BATCH if self._dice.random() < 0.02 else 1
            span = (number, number + many - 1)
            bodies = [
                drives.position(self._device, self._fleet.began(self._device), n) for n in range(number, number + many)
            ]
            await self._deliver(bodies, span)
            number += many
            await asyncio.sleep(every_s * self._dice.uniform(0.5, 1.5))

    async def commute(self, every_s: float) -> None:
        """Whole trips. How many there are by now is a register."""
        for number in count(1):
            bodies = drives.commute(self._device, self._fleet.began(self._device), number)
            await self._deliver(bodies, (number, number), COMMUTES)
            await asyncio.sleep(every_s)

    async def _deliver(self, bodies: Sequence[bytes], span: tuple[int, int], register: str | None = None) -> None:
        pause_s = 0.0
        while not await self._post(bodies, span, register):
            pause_s = min(pause_s + _AGAIN_AFTER_S, _AGAIN_AT_LEAST_EVERY_S)
            await asyncio.sleep(pause_s)

    async def _post(self, bodies: Sequence[bytes], span: tuple[int, int], register: str | None = None) -> bool:
        server, connection = self._dice.choice(self._connections)
        began = time.monotonic()
        try:
            if len(bodies) == 1:
                answer = await connection.ask("POST", "/api/v1/ingest/traccar", self._fleet.ingest_token, bodies[0])
            else:
                whole = b"[" + b",".join(bodies) + b"]"
                answer = await connection.ask("POST", "/api/v1/ingest/positions", self._fleet.ingest_token, whole)
        except asyncio.CancelledError:
            self._note(span, server, Unanswered(STOPPED, began), register)
            raise
        except Unanswered as lost:
            self._note(span, server, lost, register)
            self._notes.failed(f"POST {self._device}", server, lost)
            return False
        self._note(span, server, answer, register)
        if answer.status != 200:
            self._notes.failed(f"POST {self._device}", server, answer)
            return False
        said = answer.json()
        if said.get("dropped") or said.get("ignored"):
            self._notes.wrong(f"{self._device}: positions {span} are not taken: {answer.body!r}", answer.ended)
        return True

    def _note(self, span: tuple[int, int], server: str, outcome: Answer | Unanswered, register: str | None) -> None:
        done = isinstance(outcome, Answer) and outcome.status == 200
        self._notes.posted(self._device, span, server, outcome, done)
        if register is not None:
            self._notes.written(register, span[0], server, outcome, done)
