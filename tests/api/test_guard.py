"""The guard of kept answers admits exactly whom the routes admit: it is the same code, and here is the proof."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi import APIRouter, FastAPI
from httpx import ASGITransport, AsyncClient, Response

from roadlens.api import problems
from roadlens.api.caching import find_key
from roadlens.api.guard import TokenGuard
from roadlens.api.security import may_administer, may_view
from roadlens.api.tokens import Tokens
from roadlens.cache.http import CacheHits
from roadlens.cache.policy import cache_response
from roadlens.cache.principals import Principals
from roadlens.domain import Audience, Role
from tests.support.api import SECRET, Api

SUMMARY = "/api/v1/admin/dashboard/summary"


def guard(api: Api) -> TokenGuard:
    return TokenGuard(api.database, api.app.state.server.tokens)


def header(api: Api, kind: str) -> str:
    """An `Authorization` of that kind."""
    good, tokens = api.tokens[Role.ADMIN], api.app.state.server.tokens
    head, payload, signature = good.split(".")
    return {
        "good": f"Bearer {good}",
        "good, of a viewer": f"Bearer {api.tokens[Role.VIEWER]}",
        "good, in small letters": f"bearer {good}",
        "good, in capitals": f"BEARER {good}",
        "two spaces": f"Bearer  {good}",
        "a space behind": f"Bearer {good} ",
        "a tab": f"Bearer\t{good}",
        "no scheme": good,
        "another scheme": f"Token {good}",
        "nothing": "",
        "the scheme alone": "Bearer",
        "the scheme and a space": "Bearer ",
        "no token": "Bearer nonsense",
        "another letter in it": f"Bearer {head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        "no signature": f"Bearer {head}.{payload}.",
        "two of them": f"Bearer {good} {good}",
        "two with a comma": f"Bearer {good}, Bearer {good}",
        "another epoch": f"Bearer {tokens.issue(1, 1)}",
        "an unknown user": f"Bearer {tokens.issue(999, 0)}",
        "of another server": f"Bearer {Tokens(b'another secret', timedelta(hours=1)).issue(1, 0)}",
        "ended": f"Bearer {Tokens(SECRET.encode(), timedelta(seconds=-1)).issue(1, 0)}",
    }[kind]


@pytest.mark.parametrize(
    ("kind", "admitted"),
    [
        ("good", True), ("good, of a viewer", True), ("good, in small letters", True), ("good, in capitals", True),
        ("two spaces", None), ("a space behind", None), ("a tab", False), ("no scheme", False),
        ("another scheme", False), ("nothing", False), ("the scheme alone", False), ("the scheme and a space", False),
        ("no token", False), ("another letter in it", False), ("no signature", False), ("two of them", False),
        ("two with a comma", False), ("another epoch", False), ("an unknown user", False),
        ("of another server", False), ("ended", False),
    ],
)  # fmt: skip
async def test_whom_the_guard_admits_the_routes_admit(api: Api, kind: str, admitted: bool | None) -> None:
    """None: the routes decide, and the guard may be stricter, never more lenient."""
    authorization = header(api, kind)
    found = guard(api).read(authorization.encode())
    by_guard = found is not None and await guard(api).admit(found) is not None
    transport = ASGITransport(api.app.compute)  # type: ignore[attr-defined]  # what stands behind the cache
    async with AsyncClient(transport=transport, base_url="http://roadlens.test") as behind:
        by_routes = (await behind.get(SUMMARY, headers={"Authorization": authorization})).status_code == 200
    assert by_routes or not by_guard
    if admitted is not None:
        assert (by_guard, by_routes) == (admitted, admitted)
    for _ in range(2):
        whole = await api.client.get(SUMMARY, headers={"Authorization": authorization})
        assert (whole.status_code == 200) == by_routes


async def test_the_first_of_two_headers_counts_for_both(api: Api) -> None:
    await api.get("/admin/dashboard/summary")
    for first, second, status in (("good", "no token", 200), ("no token", "good", 401)):
        headers = [("Authorization", header(api, first)), ("Authorization", header(api, second))]
        assert (await api.client.get(SUMMARY, headers=headers)).status_code == status


async def test_a_user_who_may_no_longer_is_not_admitted(api: Api) -> None:
    claim = guard(api).read(header(api, "good, of a viewer").encode())
    assert claim is not None
    assert claim.tags == ("user:2", "users:bulk", "everything")
    principal = await guard(api).admit(claim)
    assert principal is not None
    assert principal.role == "viewer"
    async with api.database.write() as session:
        await session.execute("UPDATE users SET active = false WHERE username = 'viewer'")
    assert await guard(api).admit(claim) is None


async def test_a_database_that_fails_lets_nobody_in_who_is_not_remembered(api: Api) -> None:
    await api.get("/admin/dashboard/summary")
    async with api.database.write() as session:
        await session.execute("ALTER TABLE users RENAME token_epoch TO elsewhere")
    assert (await api.get("/admin/dashboard/summary")).status_code == 200
    failed = await api.get("/admin/dashboard/summary", Role.VIEWER)
    assert (failed.status_code, failed.headers["Content-Type"]) == (500, "application/problem+json")


async def asked(client: AsyncClient, api: Api, path: str, role: Role) -> Response:
    return await client.get(path, headers={"Authorization": f"Bearer {api.tokens[role]}"})


async def test_two_audiences_never_share_an_answer(api: Api) -> None:
    """Roadlens keeps nothing for admins alone yet; these routes do, on the engine and guard of the running server."""
    router, ran = APIRouter(), []

    @router.get("/for-admins", dependencies=[may_administer])
    @cache_response(ttl=60, key_prefix="for_admins", tags=("users",), audience=Audience.ADMINS)
    async def for_admins() -> str:
        ran.append("admins")
        return "secret"

    @router.get("/for-viewers", dependencies=[may_view])
    @cache_response(ttl=60, key_prefix="for_viewers", tags=("users",), audience=Audience.VIEWERS)
    async def for_viewers() -> str:
        ran.append("viewers")
        return "open"

    app = FastAPI()
    app.state.server = api.app.state.server
    app.include_router(router)
    problems.install(app)
    cache = api.app.state.server.cache
    hits = CacheHits(app, cache, find_key(app), Principals(cache.versions, guard(api)))
    async with AsyncClient(transport=ASGITransport(hits), base_url="http://roadlens.test") as client:
        for _ in range(2):
            assert (await asked(client, api, "/for-admins", Role.ADMIN)).text == '"secret"'
            assert (await asked(client, api, "/for-admins", Role.VIEWER)).status_code == 403
            assert (await client.get("/for-admins")).status_code == 401
            for role in Role:
                assert (await asked(client, api, "/for-viewers", role)).text == '"open"'
        assert ran == ["admins", "viewers"]
        async with api.database.write() as session:
            await session.execute("UPDATE users SET role = 'viewer' WHERE username = 'admin'")
        assert (await asked(client, api, "/for-admins", Role.ADMIN)).status_code == 403
        assert ran == ["admins", "viewers"]
        async with api.database.write() as session:
            await session.execute("UPDATE users SET role = 'admin' WHERE username = 'viewer'")
        assert (await asked(client, api, "/for-admins", Role.VIEWER)).text == '"secret"'
