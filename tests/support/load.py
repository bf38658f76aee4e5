"""Clients of many kinds that ask as fast as they are answered, and remember what they were not answered."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from tests.support.raw_http import Answer, Lost, RawConnection, connected

PATHS = (
    "/healthz",
    "/api/v1/admin/dashboard/summary",
    "/api/v1/admin/drivers?limit=50",
    "/api/v1/admin/drivers/DRV-0001",
    "/api/v1/admin/trips?limit=20",
    "/api/v1/admin/vehicles?limit=20",
)
# How many requests are sent at once without waiting for answers.
PIPELINED = 8
# Seconds. Who was idle for longer before a request, be it for want of a processor, must expect that the connection has
# gone meanwhile.
PROMPT_S = 0.25


@dataclass
class Load:
    """What happened to all clients.

    Attributes:
        answered: whole answers.
        lost: what was sent and not answered, or not wholly.
        refused: answers that were no success.
        stored: positions whose sender was told that they are.
        idle: connections that had gone when a client came back late.
    """

    host: str
    port: int
    token: str
    ingest_token: str
    answered: int = 0
    stored: int = 0
    idle: int = 0
    lost: list[str] = field(default_factory=list)
    refused: list[Answer] = field(default_factory=list)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def clients(self, each: int) -> list[Awaitable[None]]:
        """So many of each kind, and one that exports; each works until it finds nobody who listens, or is `stopped`."""
        kinds = (self._stays, self._comes_anew, self._pipelines, self._stores)
        many = [self._until_nobody_listens(kind, number) for kind in kinds for number in range(each)]
        return [*many, self._until_nobody_listens(self._exports, 0)]

    async def _until_nobody_listens(self, kind: Callable[[RawConnection, int], Awaitable[None]], number: int) -> None:
        while not self.stopped.is_set():
            try:
                async with connected(self.host, self.port, self.token) as connection:
                    try:
                        await kind(connection, number)
                    except Lost:
                        if connection.idle_s < PROMPT_S or connection.answered_at > connection.sent_at:
                            raise
                        self.idle += 1
            except ConnectionRefusedError:
                return
            except (OSError, Lost) as error:
                self.lost.append(f"{kind.__name__}: {error!r}")

    async def _stays(self, connection: RawConnection, number: int) -> None:
        for path in itertools.islice(itertools.cycle(PATHS), number, None):
            connection.send("GET", path)
            if self._take(await connection.answer()) or self.stopped.is_set():
                return

    async def _comes_anew(self, connection: RawConnection, number: int) -> None:
        connection.send("GET", PATHS[number % 2])
        self._take(await connection.answer())

    async def _exports(self, connection: RawConnection, _number: int) -> None:
        connection.send("GET", "/api/v1/admin/exports/drivers.csv")
        self._take(await connection.answer())

    async def _pipelines(self, connection: RawConnection, number: int) -> None:
        """All that was sent together is answered, whatever the first answer says."""
        connection.send_together(*(PATHS[(number + place) % len(PATHS)] for place in range(PIPELINED)))
        ends = [self._take(await connection.answer()) for _ in range(PIPELINED)]
        assert not any(ends[:-1]), "an answer that was not the last one said so"

    async def _stores(self, connection: RawConnection, number: int) -> None:
        body = forward(f"load-{number}", next(self._numbers))
        connection.send("POST", "/api/v1/ingest/traccar", body, token=self.ingest_token)
        answer = await connection.answer()
        self._take(answer)
        self.stored += answer.status == 200

    def _take(self, answer: Answer) -> bool:
        self.answered += 1
        if answer.status != 200:
            self.refused.append(answer)
        return answer.last


def forward(device: str, number: int) -> bytes:
    """The position of a number, as Traccar forwards it; another number is another position."""
    at = datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(seconds=number)
    place = {"latitude": 41.25, "longitude": -95.98, "speed": 0}
    position = {"fixTime": at.isoformat(), "valid": True, **place}
    return msgspec.json.encode({"position": position, "device": {"uniqueId": device, "name": device}})
