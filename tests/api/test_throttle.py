"""Guessing is slowed, whoever is guessed at and from wherever; and nobody is kept out by what others do elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from httpx import ASGITransport, AsyncClient, Response

from roadlens.api.passwords import PasswordCheck
from roadlens.api.throttle import ADDRESS, NAME, NAME_AT_ADDRESS, Throttle, network
from tests.support.api import PASSWORD, SECRET, Api

WRONG = "wrong"
HOME, ELSEWHERE, ATTACKER = "192.0.2.1", "198.51.100.7", "203.0.113.66"


@dataclass
class Clock:
    """What the server takes for the time: it moves when a test says so."""

    at: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Checks:
    """Compares passwords as they are, so that a thousand sign-ins take no minute, and counts."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, password: str, _password_hash: str) -> bool:
        self.made += 1
        return password == PASSWORD


@dataclass
class Door:
    """The sign-in, as clients at any address see it."""

    api: Api
    clock: Clock
    checks: Checks

    async def knock(self, name: str, password: str = WRONG, at: str = ATTACKER) -> Response:
        transport = ASGITransport(self.api.app, client=(at, 50_000))
        async with AsyncClient(transport=transport, base_url="http://roadlens.test") as client:
            return await client.post("/api/v1/auth/login", json={"username": name, "password": password})

    async def statuses(self, names: Sequence[str], at: str = ATTACKER) -> list[int]:
        return [(await self.knock(name, at=at)).status_code for name in names]


@pytest.fixture
async def door(api: Api) -> Door:
    clock, checks = Clock(), Checks()
    api.app.state.server = replace(
        api.app.state.server,
        throttle=Throttle(SECRET.encode(), clock),
        passwords=PasswordCheck(verify=checks),
    )
    return Door(api, clock, checks)


def from_many(count: int) -> list[str]:
    return [f"203.0.{number // 250}.{number % 250}" for number in range(count)]


async def test_one_guesser_is_stopped_and_the_user_elsewhere_is_not(door: Door) -> None:
    assert await door.statuses(["admin"] * 10) == [401] * 10
    refused = await door.knock("admin", PASSWORD)
    assert refused.status_code == 429, "even with the right password: else the answer would tell it"
    assert refused.headers["Retry-After"] == "300"
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:roadlens:problem:too-many-attempts"
    assert door.checks.made == 10, "what is refused costs no check"
    assert (await door.knock("admin", PASSWORD, at=ELSEWHERE)).status_code == 200
    assert await door.statuses(["viewer"]) == [401], "and the guesser may still be somebody who has one more name"


async def test_a_user_is_let_in_from_a_known_address_while_many_guess(door: Door) -> None:
    assert (await door.knock("admin", PASSWORD, at=HOME)).status_code == 200
    for address in from_many(NAME.attempts):
        assert (await door.knock("admin", at=address)).status_code == 401
    assert (await door.knock("admin", at="203.0.200.1")).status_code == 429
    assert (await door.knock("admin", PASSWORD, at=ELSEWHERE)).status_code == 429, "not known there: slowed"
    for _ in range(3):
        assert (await door.knock("admin", PASSWORD, at=HOME)).status_code == 200
    assert (await door.knock("viewer", PASSWORD, at=ELSEWHERE)).status_code == 200, "another name"
    door.clock.advance(NAME.refill_s)
    assert (await door.knock("admin", PASSWORD, at=ELSEWHERE)).status_code == 200


@pytest.mark.parametrize(("name", "days_later"), [("viewer", 0), ("admin", 91)])
async def test_an_address_is_known_of_one_user_and_not_for_ever(door: Door, name: str, days_later: int) -> None:
    assert (await door.knock("admin", PASSWORD, at=HOME)).status_code == 200
    door.clock.advance(timedelta(days=days_later).total_seconds())
    for address in from_many(NAME.attempts):
        await door.knock(name, at=address)
    assert (await door.knock(name, PASSWORD, at=HOME)).status_code == 429


async def test_one_address_cannot_try_every_name(door: Door) -> None:
    names = [f"user{number}" for number in range(ADDRESS.attempts + 2)]
    assert await door.statuses(names) == [401] * ADDRESS.attempts + [429] * 2
    assert await door.statuses(["admin"]) == [429]
    assert await door.statuses(["admin"], at=ELSEWHERE) == [401]


async def test_names_that_nobody_has_are_treated_alike(door: Door) -> None:
    def told(answers: list[Response]) -> list[tuple[int, str | None, str]]:
        return [(answer.status_code, answer.headers.get("Retry-After"), answer.text) for answer in answers]

    existing = told([await door.knock("admin") for _ in range(12)])
    assert told([await door.knock("nobody") for _ in range(12)]) == existing
    assert (await door.knock("NOBODY")).status_code == (await door.knock("ADMIN")).status_code == 429


async def test_limits_decay(door: Door) -> None:
    assert await door.statuses(["admin"] * 11) == [401] * 10 + [429]
    door.clock.advance(100)
    assert (await door.knock("admin")).headers["Retry-After"] == "200"
    door.clock.advance(200)
    assert await door.statuses(["admin"] * 2) == [401, 429]
    door.clock.advance(NAME_AT_ADDRESS.attempts * NAME_AT_ADDRESS.refill_s)
    assert await door.statuses(["admin"] * 11) == [401] * 10 + [429]


async def test_what_succeeds_costs_nothing(door: Door) -> None:
    for _ in range(NAME_AT_ADDRESS.attempts * 2):
        assert (await door.knock("admin", PASSWORD, at=HOME)).status_code == 200
    assert await door.statuses(["admin"] * 11, at=HOME) == [401] * 10 + [429]


async def test_attempts_side_by_side_do_not_slip_through(door: Door) -> None:
    answers = await asyncio.gather(*(door.knock("admin") for _ in range(30)))
    assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 20


async def test_when_many_wait_the_rest_is_sent_away_at_no_cost(door: Door) -> None:
    state = door.api.app.state.server
    door.api.app.state.server = replace(state, passwords=PasswordCheck(waiting=-2))
    for _ in range(NAME_AT_ADDRESS.attempts + 1):
        answer = await door.knock("admin", PASSWORD)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        assert answer.json()["type"] == "urn:roadlens:problem:overloaded"
    door.api.app.state.server = state
    assert await door.statuses(["admin"] * 11) == [401] * 10 + [429]


async def test_neither_names_nor_addresses_are_stored(door: Door) -> None:
    await door.knock("hunter2")
    await door.knock("admin", PASSWORD, at=HOME)
    async with door.api.database.read() as session:
        rows = await session.tuples("SELECT key FROM login_attempts UNION ALL SELECT address FROM sign_in_addresses")
    assert len(rows) >= 6
    assert {len(bytes(key)) for (key,) in rows} == {16}


async def test_a_proxy_is_believed_only_when_it_is_named(door: Door) -> None:
    """Else each attempt would come from wherever the guesser likes."""
    transport = ASGITransport(door.api.app, client=("127.0.0.1", 50_000))
    async with AsyncClient(transport=transport, base_url="http://roadlens.test") as client:
        statuses = [
            (
                await client.post(
                    "/api/v1/auth/login",
                    json={"username": "admin", "password": "wrong"},
                    headers={"X-Forwarded-For": address},
                )
            ).status_code
            for address in from_many(11)
        ]
    assert statuses == [401] * 10 + [429]


@pytest.mark.parametrize(
    ("host", "belongs_to"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "host "),
        ("unknown", "host unknown"),
    ],
)
def test_whom_an_address_belongs_to(host: str, belongs_to: str) -> None:
    assert network(host) == belongs_to
