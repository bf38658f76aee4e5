"""Batches of good forwards beside damaged ones: the good ones are stored as they were sent, the others named."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadlens.telemetry.batch import Rejected
from roadlens.telemetry.sources import traccar
from tests.api.routes.test_ingest import Sender
from tests.support.api import Api
from tests.support.damage import damaged

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
STORED = """
SELECT fix_time, latitude, longitude, speed_kmh FROM positions JOIN devices USING (device_id)
WHERE unique_id = :device ORDER BY fix_time
"""
places = st.tuples(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9), st.floats(0, 200)).filter(lambda it: any(it[:2]))
rounds = itertools.count()


def forward(device: str, second: int, place: tuple[float, float, float]) -> bytes:
    latitude, longitude, speed = place
    position: dict[str, Any] = {"fixTime": (START + timedelta(seconds=second)).isoformat(), "speed": speed}
    position |= {"latitude": latitude, "longitude": longitude}
    return json.dumps({"position": position, "device": {"uniqueId": device}}).encode()


def is_unreadable(line: bytes) -> bool:
    try:
        traccar.read(line.strip())
    except Rejected:
        return bool(line.strip()) and b"\n" not in line
    return False


wrong = damaged([forward("other", 0, (1.5, 2.5, 3.5))]).filter(is_unreadable)


@settings(deadline=None, derandomize=True, max_examples=40, suppress_health_check=list(HealthCheck))
@given(good=st.lists(places, min_size=1, max_size=12), bad=st.lists(wrong, max_size=6), data=st.data())
async def test_the_good_ones_come_back_as_they_were_sent(
    api: Api, good: list[tuple[float, float, float]], bad: list[bytes], data: st.DataObject
) -> None:
    number = next(rounds)
    sender = Sender(api)
    async with api.database.write() as session:
        await session.execute("TRUNCATE ingest_tokens")
    await sender.admit()
    lines = [(True, forward(f"car-{number}", second, place)) for second, place in enumerate(good)]
    lines = data.draw(st.permutations(lines + [(False, line) for line in bad]))
    body = b"\n".join(line for _, line in lines)
    answer = (await sender.send("/positions", body, Content_Type="application/x-ndjson")).json()
    assert (answer["kept"], answer["dropped"]) == (len(good), len(bad))
    assert [error["index"] for error in answer["errors"]] == [
        at for at, (is_good, _) in enumerate(lines) if not is_good
    ]
    async with api.database.read() as session:
        stored = await session.tuples(STORED, {"device": f"car-{number}"})
    assert [(time, latitude, longitude) for time, latitude, longitude, _ in stored] == [
        (START + timedelta(seconds=second), latitude, longitude) for second, (latitude, longitude, _) in enumerate(good)
    ]
    speeds = zip(stored, good, strict=True)
    assert all(abs(row[3] - speed * traccar.KNOT_KMH) < 1e-4 for row, (_, _, speed) in speeds)
