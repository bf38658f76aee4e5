"""Vehicles on the road beside the administrators: each sends its position every ten seconds, as Traccar forwards it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter, time

from benchmarks.workday.client import Browser

# As in a generated portfolio: of 1,000 drivers 19 are on the road at any moment of a working day, for 16 minutes.
ON_THE_ROAD = 0.019
TRIP_S = 964
INTERVAL_S = 10

_SENDERS = 32
_KMH_PER_KNOT, _METRES_PER_DEGREE = 1.852, 111_195.0


@dataclass(slots=True)
class Fleet:
    """The vehicles on the road of a portfolio, whose devices are known and assigned.

    Attributes:
        seconds: of each position that was acknowledged, how long that took.
    """

    url: str
    token: str
    drivers: int
    seconds: list[float] = field(default_factory=list)

    @property
    def size(self) -> int:
        return max(1, round(self.drivers * ON_THE_ROAD))

    @asynccontextmanager
    async def driving(self) -> AsyncIterator[None]:
        """They drive while the block runs.

        Raises:
            Refused: a position was not taken.
        """
        ways: asyncio.Queue[int] = asyncio.Queue()
        traccar = [Browser(self.url, self.token) for _ in range(_SENDERS)]
        tasks = [asyncio.create_task(self._tick(ways))]
        tasks += [asyncio.create_task(self._send(each, ways)) for each in traccar]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task  # what one of them has failed with is raised here
            for each in traccar:
                await each.close()

    async def _tick(self, ways: asyncio.Queue[int]) -> None:
        """Evenly, so that each is heard once in an interval."""
        began, number = perf_counter(), 0
        while True:
            due = began + number * INTERVAL_S / self.size
            await asyncio.sleep(max(0.0, due - perf_counter()))
            ways.put_nowait(number % self.size)
            number += 1

    async def _send(self, traccar: Browser, ways: asyncio.Queue[int]) -> None:
        while True:
            place = await ways.get()
            began = perf_counter()
            await traccar.post("/api/v1/ingest/traccar", self._forward(place, time()))
            self.seconds.append(perf_counter() - began)

    def _forward(self, place: int, now: float) -> dict[str, object]:
        """One that arrives is followed by another that sets out; they begin their trips one after the other.

        Where everybody is depends on the clock alone, so that a fleet which is started again drives on.
        """
        driven = now + TRIP_S * place / self.size
        number = (place + self.size * int(driven / TRIP_S)) % self.drivers
        driving = driven % TRIP_S
        swing = driving * 2 * math.pi / 120
        speed = 12 - 10 * math.cos(swing)  # m/s, from light to light
        metres = 12 * driving - 10 * math.sin(swing) * 120 / (2 * math.pi)
        position = {
            "fixTime": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
            "valid": True,
            "latitude": round(33 + place % 900 / 100 + metres / _METRES_PER_DEGREE, 7),
            "longitude": round(-100 + place // 900 / 10, 7),
            "speed": round(speed * 3.6 / _KMH_PER_KNOT, 5),
            "course": 0,
            "attributes": {"ignition": True, "motion": True, "hdop": 0.9},
        }
        return {"position": position, "device": {"uniqueId": f"generated-{number + 1:06}", "name": "a vehicle"}}
