"""How much one may have computed: that the others have theirs, and that what costs nothing is not counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest
from httpx import ASGITransport, AsyncClient

from roadlens.api.rate_limit import BURST_S, MOST, RateLimits
from roadlens.domain import Role
from roadlens.storage.database import Database
from tests.support.api import Api, open_api

ONE_A_SECOND = 60


class Clock:
    """It stands still, or goes on by a step whenever it is looked at."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 1000.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_what_is_used_up_comes_back_with_time() -> None:
    clock = Clock()
    limits = RateLimits(ONE_A_SECOND, clock)
    for _ in range(int(BURST_S)):
        assert limits.wait_s("ann") == 0.0
    assert limits.wait_s("ann") == pytest.approx(1.0)
    assert limits.wait_s("ann") == pytest.approx(1.0), "a refusal costs nothing"
    assert limits.wait_s("bo") == 0.0
    clock.now += 1.0
    assert limits.wait_s("ann") == 0.0
    assert limits.wait_s("ann") == pytest.approx(1.0)
    clock.now += 3600.0
    assert [limits.wait_s("ann") for _ in range(int(BURST_S) + 1)] == [0.0] * int(BURST_S) + [pytest.approx(1.0)]


def test_what_costs_more_is_charged_more_and_never_impossible() -> None:
    clock = Clock()
    limits = RateLimits(ONE_A_SECOND, clock)
    assert limits.wait_s("ann", 4) == limits.wait_s("ann", 6) == 0.0
    assert limits.wait_s("ann", 4) == pytest.approx(4.0)
    assert limits.wait_s("ann", 1000) == pytest.approx(BURST_S)
    clock.now += BURST_S
    assert limits.wait_s("ann", 1000) == 0.0


def test_none_is_any_number() -> None:
    limits = RateLimits(0)
    assert not any(limits.wait_s("ann", 50) for _ in range(10_000))


def test_made_up_addresses_fill_no_memory() -> None:
    clock = Clock()
    limits = RateLimits(ONE_A_SECOND, clock)
    for number in range(3 * MOST):
        limits.wait_s(f"address {number}")
        assert len(limits._empty_at) <= MOST
    while not limits.wait_s("ann"):
        pass
    clock.now += BURST_S - 1  # the others have leaked empty, and she has not
    for number in range(3 * MOST):
        limits.wait_s(f"address {number}")
        if number == MOST // 2:
            assert limits.wait_s("ann", 10), "who is under way is not forgotten for those who are done"


@pytest.fixture
async def narrow(
    database: Database, database_url: str, password_hash: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Api]:
    """Ten requests at once, then one a second, of which none passes: a test takes as long as the machine lets it."""
    clock = Clock(step=BURST_S)
    monkeypatch.setattr("roadlens.app.RateLimits", partial(RateLimits, clock=clock))
    async with open_api(database, database_url, password_hash, ROADLENS_RATE_LIMIT=str(ONE_A_SECOND)) as opened:
        await opened.hit("/admin/dashboard/summary")  # until the cache is trusted, all is computed
        clock.step = 0.0
        clock.now += BURST_S
        yield opened


async def refused(api: Api, role: Role = Role.ADMIN) -> None:
    """Ask for different things until no more is computed."""
    for number in range(1, 100):
        answer = await api.get("/admin/drivers", role, limit=number)
        if answer.status_code == 429:
            return
    raise AssertionError("nothing was refused")


async def test_a_user_who_asks_for_too_much_waits_and_the_others_do_not(narrow: Api) -> None:
    kept = await narrow.hit("/admin/users")
    await refused(narrow)
    with narrow.statements() as statements:
        answer = await narrow.get("/admin/drivers", limit=500)
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= BURST_S
        assert answer.json()["type"] == "urn:roadlens:problem:too-many-requests"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Cache-Status" not in answer.headers
        assert (await narrow.send("POST", "/admin/drivers", {})).status_code == 429
        assert (await narrow.get("/admin/exports/drivers.csv")).status_code == 429
        again = await narrow.get("/admin/users")
        assert (again.status_code, again.content) == (200, kept.content), "what is at hand costs nothing"
    assert statements == []
    assert (await narrow.get("/admin/drivers", Role.VIEWER, limit=500)).status_code == 200
    for free in ("/healthz", "/metrics", "/"):
        assert (await narrow.client.get(free)).status_code == 200
    page = (await narrow.client.get("/metrics")).text
    (line,) = [line for line in page.splitlines() if line.startswith('rate_limited_requests_total{by="user"}')]
    assert float(line.split()[1]) >= 4


async def test_what_was_refused_to_one_is_computed_for_the_next(narrow: Api) -> None:
    """A refusal is nobody else's answer, and is not kept."""
    await refused(narrow)
    assert (await narrow.get("/admin/trips")).status_code == 429
    assert (await narrow.get("/admin/trips", Role.VIEWER)).status_code == 200
    assert (await narrow.get("/admin/trips")).status_code == 200, "at hand by now"


async def test_all_that_is_held_about_a_driver_costs_as_much_as_a_list_as_a_file(narrow: Api) -> None:
    statuses = [(await narrow.get("/admin/drivers/DRV-0001/export")).status_code for _ in range(2)]
    assert statuses == [404, 429]


@pytest.mark.parametrize(
    "path", ["/auth/login", "/auth/token", "/auth/password", "/admin/users", "/admin/users/2/password"]
)
async def test_a_password_costs_as_much_wherever_it_is_checked_or_hashed(narrow: Api, path: str) -> None:
    """More than there is at once: one is tried, and the next must wait."""
    statuses = [(await narrow.send("POST", path, {})).status_code for _ in range(2)]
    assert statuses == [422, 429]


async def test_looking_at_users_costs_no_more_than_other_answers(narrow: Api) -> None:
    statuses = [(await narrow.get("/admin/users/2")).status_code for _ in range(5)]
    assert statuses == [200] * 5


async def test_a_token_that_was_ended_uses_up_nothing_of_its_user_s(narrow: Api) -> None:
    """Whoever stole it could keep the user out for as long as it would have held."""
    stolen = narrow.tokens[Role.VIEWER]
    assert (await narrow.send("POST", "/auth/logout", None, Role.VIEWER)).status_code == 204
    for _ in range(20):
        await narrow.get("/admin/drivers/DRV-0001", Role.VIEWER)
    assert (await narrow.get("/admin/drivers/DRV-0001", Role.VIEWER)).status_code == 429
    claims = narrow.app.state.server.tokens.read(stolen)
    narrow.tokens[Role.VIEWER] = narrow.app.state.server.tokens.issue(claims.user_id, claims.token_epoch + 1)
    assert (await narrow.get("/admin/drivers", Role.VIEWER)).status_code == 200
    assert (await narrow.get("/auth/me", Role.VIEWER)).status_code == 200


async def test_without_a_token_an_address_counts(narrow: Api) -> None:
    async def knock(host: str, token: str) -> int:
        transport = ASGITransport(narrow.app, client=(host, 1))
        async with AsyncClient(transport=transport, base_url="http://roadlens.test") as client:
            headers = {"Authorization": f"Bearer {token}"}
            return (await client.get("/api/v1/auth/me", headers=headers)).status_code

    assert [await knock("203.0.113.5", "none") for _ in range(12)][-1] == 429
    assert await knock("203.0.113.5", narrow.tokens[Role.VIEWER]) == 200, "users behind that address have their own"
    assert await knock("203.0.113.6", "none") == 401


async def test_positions_are_not_counted(narrow: Api) -> None:
    for _ in range(30):
        answer = await narrow.client.post("/api/v1/ingest/traccar", content=b"{}")
        assert answer.status_code == 401


async def test_hits_are_not_counted(narrow: Api) -> None:
    await narrow.hit("/admin/users")
    for _ in range(50):
        assert (await narrow.get("/admin/users")).status_code == 200
