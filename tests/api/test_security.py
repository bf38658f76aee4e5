"""Every route of /admin asks who is there: nobody, somebody else, a viewer, a user who may no longer."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from uuid import UUID

import pytest

from roadlens.api.security import Audience, admit
from roadlens.api.tokens import Claims, Tokens
from roadlens.domain import Role
from roadlens.errors import NotPermitted
from tests.support.api import Api

PATHS = [
    "/admin/dashboard/stats",
    "/admin/dashboard/summary",
    "/admin/dashboard/trip-activity",
    "/admin/dashboard/risk-distribution",
    "/admin/dashboard/safety-events",
    "/admin/drivers",
    "/admin/drivers/DRV-0001",
    "/admin/drivers/DRV-0001/risk",
    "/admin/drivers/DRV-0001/statistics",
    "/admin/drivers/DRV-0001/trips",
    "/admin/trips",
    f"/admin/trips/{UUID(int=1)}",
    "/admin/events",
    "/admin/vehicles",
    "/admin/users",
]


async def test_the_table_lists_every_route(api: Api) -> None:
    described = {path for path in api.app.openapi()["paths"] if path.startswith("/api/v1/admin")}
    shapes = {
        f"/api/v1{path}".replace("DRV-0001", "{driver_id}").replace(str(UUID(int=1)), "{trip_id}") for path in PATHS
    }
    assert described == shapes


async def test_who_may_ask(api: Api) -> None:
    tokens: Tokens = api.app.state.server.tokens
    refused = {
        "no header": {},
        "no token": {"Authorization": "Bearer"},
        "another scheme": {"Authorization": "Basic YWRtaW46YWRtaW4="},
        "no token of ours": {"Authorization": "Bearer a.b.c"},
        "another epoch": {"Authorization": f"Bearer {tokens.issue(1, 1)}"},
        "an unknown user": {"Authorization": f"Bearer {tokens.issue(999, 0)}"},
    }
    for path, (case, headers) in product(PATHS, refused.items()):
        response = await api.client.get(f"/api/v1{path}", headers=headers)
        assert response.status_code == 401, (path, case)
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json()["type"] == "urn:roadlens:problem:not-authenticated"
    for path, role in product(PATHS, Role):
        assert (await api.get(path, role)).status_code in (200, 404), (path, role)


async def test_without_a_good_signature_the_database_is_not_asked(api: Api) -> None:
    with api.statements() as seen:
        await api.client.get("/api/v1/admin/drivers", headers={"Authorization": "Bearer a.b.c"})
    assert seen == []


async def test_a_disabled_or_revoked_user_is_out_at_once(api: Api) -> None:
    for role, change in ((Role.VIEWER, "active = false"), (Role.ADMIN, "token_epoch = token_epoch + 1")):
        assert (await api.get("/admin/users", role)).status_code == 200
        async with api.database.write() as session:
            await session.execute(f"UPDATE users SET {change} WHERE username = :name", {"name": role.value})
        assert (await api.get("/admin/users", role)).status_code == 401


async def test_a_user_without_the_role_is_told_so(api: Api) -> None:
    claims = Claims(2, 0, datetime.now(UTC))
    async with api.database.read() as session:
        assert (await admit(session, claims, Audience.VIEWERS)).username == "viewer"
        with pytest.raises(NotPermitted):
            await admit(session, claims, Audience.ADMINS)
