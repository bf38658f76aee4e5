"""Positions over HTTP: what is stored, what is ignored, and what anybody is told who sends something else."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import Response

from roadlens.api import ingest_tokens
from roadlens.api.ingest_body import LONGEST_BATCH, LONGEST_SINGLE, LONGEST_UNPACKED
from roadlens.domain import Role
from roadlens.storage.writes import ingest_tokens as write_tokens
from tests.support.api import Api
from tests.telemetry.sources.test_phone import report
from tests.telemetry.sources.test_traccar import event, forward

GOOD = forward()
TRACCAR, EVENTS, PHONE, POSITIONS = "/traccar", "/traccar/events", "/phone", "/positions"
BODIES = {TRACCAR: GOOD, EVENTS: event("alarm", "hardBraking"), PHONE: report(), POSITIONS: b"[" + GOOD + b"]"}


@dataclass
class Sender:
    """Somebody who sends positions, with a token of its own."""

    api: Api
    token: str = field(default_factory=ingest_tokens.issue)

    async def admit(self) -> Sender:
        async with self.api.database.write() as session:
            await write_tokens.create(session, "test", name="tracker", digest=ingest_tokens.digest(self.token))
        return self

    async def send(self, path: str, body: bytes, **headers: str) -> Response:
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        changed = given | {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.api.client.post(f"/api/v1/ingest{path}", content=body, headers=changed)

    async def positions(self) -> int:
        async with self.api.database.read() as session:
            return int(await session.value("SELECT count(*) FROM positions"))


@pytest.fixture
async def sender(api: Api) -> Sender:
    return await Sender(api).admit()


@pytest.fixture(scope="module")
async def refused(shared_api: Api) -> Sender:
    """Whose positions are all refused."""
    return await Sender(shared_api).admit()


def problem(response: Response, status: int) -> dict[str, Any]:
    """What a refusal says; its form is that of all problems."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["detail"][0].isupper() or document["detail"].startswith(("latitude", "speed", "time"))
    return document


@pytest.mark.parametrize("path", [TRACCAR, EVENTS, PHONE])
async def test_one_position_is_stored_once(sender: Sender, path: str) -> None:
    for _ in range(2):
        response = await sender.send(path, BODIES[path])
        assert response.status_code == 200
        assert response.json() == {"stored": 1, "ignored": 0, "detail": None}
        assert await sender.positions() == 1


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        (TRACCAR, forward(valid=False), "no valid fix"),
        (EVENTS, event("deviceOverspeed"), "no alarm"),
        (EVENTS, b'{"event": {"type": "deviceOffline"}, "device": {"uniqueId": "867"}}', "no alarm"),
        (PHONE, report(coords={"speed": -1}), "no satellite fix"),
    ],
)
async def test_what_is_no_position_is_acknowledged(sender: Sender, path: str, body: bytes, why: str) -> None:
    response = await sender.send(path, body)
    assert response.status_code == 200
    answer = response.json()
    assert (answer["stored"], answer["ignored"]) == (0, 1)
    assert why in answer["detail"]
    assert await sender.positions() == 0


async def test_a_forward_of_a_real_server_is_read_as_it_is(sender: Sender) -> None:
    """Every field that Traccar's own serialiser writes, null where it has nothing to say."""
    position: dict[str, Any] = {
        "id": 0,
        "attributes": {"sat": 9, "alarm": "hardBraking,overspeed", "speedLimit": 26.99, "ignition": True},
        "deviceId": 3,
        "protocol": "teltonika",
        "serverTime": "2026-11-20T14:00:03.000+00:00",
        "deviceTime": "2026-11-20T14:00:01.000+00:00",
        "fixTime": "2026-11-20T15:00:01.000+01:00",
        "outdated": False,
        "valid": True,
        "latitude": 41.25,
        "longitude": -96.5,
        "altitude": 349.8,
        "speed": 50.0,
        "course": 0.0,
        "address": None,
        "accuracy": 0.0,
        "network": None,
        "geofenceIds": None,
    }
    device = {
        "id": 3,
        "attributes": {},
        "groupId": 0,
        "calendarId": 0,
        "name": "Van",
        "uniqueId": "867",
        "status": None,
    }
    device |= {"lastUpdate": None, "positionId": 0, "phone": None, "model": None, "contact": None, "category": None}
    body = json.dumps({"position": position, "device": device | {"disabled": False, "expirationTime": None}}).encode()
    assert (await sender.send(TRACCAR, body)).json()["stored"] == 1
    async with sender.api.database.read() as session:
        row = await session.tuples("SELECT fix_time, speed_kmh, speed_limit_kmh, flags, alarms FROM positions")
    ((fix_time, speed_kmh, limit_kmh, flags, alarms),) = row
    assert fix_time == datetime(2026, 11, 20, 14, 0, 1, tzinfo=UTC)
    assert (round(speed_kmh, 3), round(limit_kmh, 2), flags, alarms) == (92.6, 49.99, 3, 0b1001)


def at(moment: datetime) -> bytes:
    return forward(fixTime=moment.isoformat())


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b"", 400, "truncated"),
        (b"{", 400, "truncated"),
        (b"\xff\xfe", 400, "JSON"),
        (GOOD + b"x", 400, "JSON"),
        (GOOD.replace(b"41.25", b"NaN"), 400, "JSON"),
        (GOOD.replace(b"41.25", b"-Infinity"), 400, "JSON"),
        (b"[" * 60_000, 422, "object"),
        (b'{"position":' * 5_000, 400, "recursion"),
        (b"[]", 422, "object"),
        (b"{}", 422, "position"),
        (forward(latitude="41.25"), 422, "$.position.latitude"),
        (forward(latitude=...), 422, "latitude"),
        (forward(fixTime=7), 422, "$.position.fixTime"),
        (forward(device={}), 422, "uniqueId"),
        (forward({"alarm": 7}), 422, "alarm must be a string"),
        (forward(latitude=91), 422, "±90"),
        (forward(longitude=181), 422, "±180"),
        (forward(latitude=0, longitude=0), 422, "without a fix"),
        (forward(latitude=1e308), 422, "±90"),
        (forward(speed=1e9), 422, "km/h"),
        (forward(speed=-1), 422, "km/h"),
        (at(datetime.now(UTC) + timedelta(hours=2)), 422, "future"),
        (at(datetime(9999, 1, 1, tzinfo=UTC)), 422, "future"),
        (at(datetime(1980, 1, 6, tzinfo=UTC)), 422, "before 2000"),
        (forward({"pad": "x" * LONGEST_SINGLE}), 413, "65536"),
        (b"x" * 10_000_000, 413, "65536"),
    ],
)
async def test_a_bad_forward_is_told_what_is_wrong(refused: Sender, body: bytes, status: int, why: str) -> None:
    assert why in problem(await refused.send(TRACCAR, body), status)["detail"]
    assert await refused.positions() == 0


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("said", ["text/plain", "application/x-www-form-urlencoded", "application/json2", "?"])
async def test_another_content_type_is_refused(refused: Sender, path: str, said: str) -> None:
    assert "application/json" in problem(await refused.send(path, BODIES[path], Content_Type=said), 415)["detail"]


@pytest.mark.parametrize("said", ["br", "deflate", "gzip, gzip", "zstd"])
async def test_another_packing_is_refused(refused: Sender, said: str) -> None:
    response = await refused.send(POSITIONS, BODIES[POSITIONS], Content_Encoding=said)
    assert "gzip" in problem(response, 415)["detail"]


@pytest.mark.parametrize(
    ("make", "content_type"),
    [
        (lambda records: b"[" + b",".join(records) + b"]", "application/json; charset=utf-8"),
        (lambda records: b"\n".join(records) + b"\n", "application/x-ndjson"),
        (b"\r\n\r\n".join, "application/jsonl"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
async def test_a_batch_keeps_the_good_ones_and_lists_the_others(
    sender: Sender, make: Callable[[list[bytes]], bytes], content_type: str, packed: bool
) -> None:
    records = [GOOD, forward(speed=11), GOOD, b"7", forward(latitude=91), forward(valid=False), forward(speed=12)]
    body, headers = make(records), {"Content-Type": content_type}
    if packed:
        body, headers = gzip.compress(body), headers | {"Content-Encoding": "gzip"}
    answer = (await sender.send(POSITIONS, body, **headers)).json()
    assert {name: answer[name] for name in ("kept", "duplicates", "dropped")} == {
        "kept": 3,
        "duplicates": 1,
        "dropped": 3,
    }
    assert [(error["index"], error["reason"]) for error in answer["errors"]] == [
        (3, "wrong type"),
        (4, "impossible coordinates"),
        (5, "no valid fix"),
    ]
    assert await sender.positions() == 3
    again = (await sender.send(POSITIONS, body, **headers)).json()
    assert (again["kept"], again["duplicates"]) == (0, 4)


async def test_bad_ones_are_counted_beyond_those_that_are_listed(sender: Sender) -> None:
    answer = (await sender.send(POSITIONS, b"[" + b"7," * 299 + GOOD + b"]")).json()
    assert (answer["kept"], answer["dropped"]) == (1, 299)
    assert [error["index"] for error in answer["errors"]] == list(range(100))


@pytest.mark.parametrize(
    ("body", "packed", "status", "why"),
    [
        (b"[", False, 400, "truncated"),
        (GOOD, False, 422, "array"),
        (b"[" * 1_000_000, False, 400, "JSON"),
        (b"x" * 10_000_000, False, 413, str(LONGEST_BATCH)),
        (gzip.compress(b" " * (LONGEST_UNPACKED + 1)), True, 413, "smaller pieces"),
        (gzip.compress(b"[" + GOOD + b"]")[:-3], True, 400, "breaks off"),
        (b"[]", True, 400, "not gzip"),
        (gzip.compress(gzip.compress(b"[]")), True, 400, "JSON"),
    ],
)
async def test_a_bad_batch_is_told_what_is_wrong(
    refused: Sender, body: bytes, packed: bool, status: int, why: str
) -> None:
    headers = {"Content-Encoding": "gzip"} if packed else {}
    assert why in problem(await refused.send(POSITIONS, body, **headers), status)["detail"]
    assert await refused.positions() == 0


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("body", ["good", "bad"])
async def test_only_ingest_tokens_open_these_routes(sender: Sender, path: str, body: str) -> None:
    sent = BODIES[path] if body == "good" else b"{"
    others = (
        f"Bearer {sender.api.tokens[Role.ADMIN]}",
        f"Bearer {ingest_tokens.issue()}",
        "Bearer ",
        "Basic eDp5",
        "x",
    )
    for authorization in others:
        refusal = await sender.send(path, sent, Authorization=authorization)
        assert "roadlens tokens" in problem(refusal, 401)["detail"]
        assert refusal.headers["WWW-Authenticate"] == "Bearer"
    async with sender.api.database.write() as session:
        await write_tokens.revoke(session, "test", name="tracker")
    assert "revoked" in problem(await sender.send(path, sent), 401)["detail"]
    assert await sender.positions() == 0


async def test_an_ingest_token_opens_nothing_else(sender: Sender) -> None:
    headers = {"Authorization": f"Bearer {sender.token}"}
    for path in ("/admin/drivers", "/admin/users", "/admin/dashboard/summary", "/admin/trips"):
        problem(await sender.api.client.get(f"/api/v1{path}", headers=headers), 401)


async def test_a_phone_may_have_its_token_in_the_address(sender: Sender) -> None:
    headers = {"Content-Type": "application/json"}
    for path, status in ((PHONE, 200), (TRACCAR, 401), (POSITIONS, 401)):
        address = f"/api/v1/ingest{path}?{ingest_tokens.QUERY_PARAMETER}={sender.token}"
        answer = await sender.api.client.post(address, content=BODIES[path], headers=headers)
        assert answer.status_code == status


async def test_other_methods_are_refused(sender: Sender) -> None:
    for path in BODIES:
        problem(await sender.api.client.get(f"/api/v1/ingest{path}"), 405)


async def test_a_position_takes_no_statement_beyond_its_delivery_s(sender: Sender) -> None:
    """Its token is looked up in the transaction that stores it, by one statement for all that share it."""
    live = datetime.now(UTC) - timedelta(minutes=5)
    await sender.send(TRACCAR, at(live))
    with sender.api.statements() as statements:
        await sender.send(TRACCAR, at(live + timedelta(seconds=1)))
    assert sum("ingest_tokens" in statement for statement in statements) == 1
    assert len(statements) <= 12  # the COPY of the positions is one of them
    assert sum(statement.startswith("COPY") for statement in statements) == 1
