"""Every route asks who is there: nobody, somebody else, a viewer, an admin, a tracker, a user who may no longer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from enum import Enum
from uuid import UUID

import pytest
from fastapi.routing import iter_route_contexts
from httpx import Response

from roadlens.api.security import admit
from roadlens.api.tokens import Claims, Tokens
from roadlens.domain import Audience, Role
from roadlens.errors import NotPermitted
from roadlens.storage.database import Database
from tests.support.api import Api, open_api


class May(Enum):
    """Who may ask. Trackers have tokens of their own, which open nothing else; a user's opens nothing to trackers."""

    ANYBODY = "anybody"
    VIEWER = "viewer"
    ADMIN = "admin"
    TRACKER = "tracker"


# Every route there is. One that is added stands here too, or a test fails.
ROUTES = {
    "GET /": May.ANYBODY,
    "GET /assets/{name:path}": May.ANYBODY,
    "GET /openapi.json": May.ANYBODY,
    "GET /docs": May.ANYBODY,
    "GET /docs/start.js": May.ANYBODY,
    "GET /docs/files": May.ANYBODY,
    "GET /healthz": May.ANYBODY,
    "GET /readyz": May.ANYBODY,
    "GET /metrics": May.ANYBODY,
    "POST /api/v1/auth/login": May.ANYBODY,
    "POST /api/v1/auth/token": May.ANYBODY,
    "GET /api/v1/auth/me": May.VIEWER,
    "POST /api/v1/auth/refresh": May.VIEWER,
    "POST /api/v1/auth/logout": May.VIEWER,
    "POST /api/v1/auth/password": May.VIEWER,
    "POST /api/v1/ingest/traccar": May.TRACKER,
    "POST /api/v1/ingest/traccar/events": May.TRACKER,
    "POST /api/v1/ingest/phone": May.TRACKER,
    "POST /api/v1/ingest/positions": May.TRACKER,
    "GET /api/v1/admin/dashboard/stats": May.VIEWER,
    "GET /api/v1/admin/dashboard/summary": May.VIEWER,
    "GET /api/v1/admin/dashboard/trip-activity": May.VIEWER,
    "GET /api/v1/admin/dashboard/risk-distribution": May.VIEWER,
    "GET /api/v1/admin/dashboard/safety-events": May.VIEWER,
    "GET /api/v1/admin/dashboard/attention": May.VIEWER,
    "GET /api/v1/admin/drivers": May.VIEWER,
    "POST /api/v1/admin/drivers": May.ADMIN,
    "GET /api/v1/admin/drivers/{driver_id}": May.VIEWER,
    "PUT /api/v1/admin/drivers/{driver_id}": May.ADMIN,
    "PATCH /api/v1/admin/drivers/{driver_id}": May.ADMIN,
    "DELETE /api/v1/admin/drivers/{driver_id}": May.ADMIN,
    "GET /api/v1/admin/drivers/{driver_id}/export": May.ADMIN,
    "POST /api/v1/admin/drivers/{driver_id}/erase": May.ADMIN,
    "GET /api/v1/admin/drivers/{driver_id}/risk": May.VIEWER,
    "GET /api/v1/admin/drivers/{driver_id}/statistics": May.VIEWER,
    "GET /api/v1/admin/drivers/{driver_id}/trips": May.VIEWER,
    "GET /api/v1/admin/trips": May.VIEWER,
    "GET /api/v1/admin/trips/{trip_id}": May.VIEWER,
    "GET /api/v1/admin/events": May.VIEWER,
    "GET /api/v1/admin/events/inbox": May.VIEWER,
    "GET /api/v1/admin/events/{event_id:uuid}": May.VIEWER,
    "PATCH /api/v1/admin/events/{event_id:uuid}": May.ADMIN,
    "POST /api/v1/admin/events/review": May.ADMIN,
    "GET /api/v1/admin/score-versions": May.VIEWER,
    "GET /api/v1/admin/score-versions/{version}": May.VIEWER,
    "GET /api/v1/admin/vehicles": May.VIEWER,
    "POST /api/v1/admin/vehicles": May.ADMIN,
    "GET /api/v1/admin/vehicles/{vehicle_id}": May.VIEWER,
    "PUT /api/v1/admin/vehicles/{vehicle_id}": May.ADMIN,
    "PATCH /api/v1/admin/vehicles/{vehicle_id}": May.ADMIN,
    "DELETE /api/v1/admin/vehicles/{vehicle_id}": May.ADMIN,
    "GET /api/v1/admin/devices": May.VIEWER,
    "POST /api/v1/admin/devices": May.ADMIN,
    "GET /api/v1/admin/devices/{unique_id:path}": May.VIEWER,
    "PATCH /api/v1/admin/devices/{unique_id:path}": May.ADMIN,
    "GET /api/v1/admin/devices/{unique_id:path}/assignments": May.VIEWER,
    "POST /api/v1/admin/devices/{unique_id:path}/assignments": May.ADMIN,
    "GET /api/v1/admin/assignments": May.VIEWER,
    "GET /api/v1/admin/assignments/{assignment_id}": May.VIEWER,
    "PATCH /api/v1/admin/assignments/{assignment_id}": May.ADMIN,
    "DELETE /api/v1/admin/assignments/{assignment_id}": May.ADMIN,
    "GET /api/v1/admin/users": May.VIEWER,
    "POST /api/v1/admin/users": May.ADMIN,
    "GET /api/v1/admin/users/{user_id}": May.VIEWER,
    "PATCH /api/v1/admin/users/{user_id}": May.ADMIN,
    "POST /api/v1/admin/users/{user_id}/password": May.ADMIN,
    "POST /api/v1/admin/users/{user_id}/erase": May.ADMIN,
    "GET /api/v1/admin/audit": May.ADMIN,
    "GET /api/v1/admin/exports/drivers.csv": May.VIEWER,
    "GET /api/v1/admin/exports/risk.csv": May.VIEWER,
    "GET /api/v1/admin/exports/trips.csv": May.VIEWER,
    "GET /api/v1/admin/exports/events.csv": May.VIEWER,
    "GET /api/v1/admin/exports/vehicles.csv": May.VIEWER,
    "GET /api/v1/admin/exports/users.csv": May.VIEWER,
    "GET /api/v1/admin/exports/devices.csv": May.VIEWER,
    "GET /api/v1/admin/exports/assignments.csv": May.VIEWER,
    "GET /api/v1/admin/exports/audit.csv": May.ADMIN,
    "GET /api/v1/admin/cache": May.VIEWER,
    "GET /api/v1/admin/cache/reach": May.VIEWER,
    "POST /api/v1/admin/cache/clear": May.ADMIN,
}


def routes(api: Api) -> Iterator[str]:
    """Each route and method of the application, such as `GET /healthz`."""
    for route in iter_route_contexts(api.app.routes):
        for method in getattr(route, "methods", None) or ["GET"]:
            if method != "HEAD":
                yield f"{method} {getattr(route, 'path', '')}"


async def ask(api: Api, route: str, headers: dict[str, str]) -> Response:
    """Ask a route about things that are not there; what is sent is an empty object."""
    method, path = route.split(" ")
    path = re.sub(r"\{(trip_id|event_id:uuid)\}", str(UUID(int=1)), path)
    path = re.sub(r"\{\w+(:path)?\}", "999", path)
    return await api.client.request(method, path, headers=headers, json=None if method == "GET" else {})


def problem(response: Response) -> str:
    assert response.headers["Content-Type"] == "application/problem+json"
    return str(response.json()["type"]).removeprefix("urn:roadlens:problem:")


@pytest.fixture
async def api(database: Database, database_url: str, password_hash: str) -> AsyncIterator[Api]:
    """One address asks everything here, and more than may be asked in a while."""
    async with open_api(database, database_url, password_hash, ROADLENS_RATE_LIMIT="0") as opened:
        yield opened


async def test_the_table_lists_every_route(api: Api) -> None:
    assert sorted(routes(api)) == sorted(ROUTES)


async def test_nobody_gets_in_without_a_good_token(api: Api) -> None:
    tokens: Tokens = api.app.state.server.tokens
    refused = {
        "no header": {},
        "no token": {"Authorization": "Bearer"},
        "another scheme": {"Authorization": "Basic YWRtaW46YWRtaW4="},
        "no token of ours": {"Authorization": "Bearer a.b.c"},
        "another epoch": {"Authorization": f"Bearer {tokens.issue(1, 1)}"},
        "an unknown user": {"Authorization": f"Bearer {tokens.issue(999, 0)}"},
    }
    for route, may in ROUTES.items():
        for case, headers in refused.items():
            response = await ask(api, route, headers)
            if may is May.ANYBODY:
                assert response.status_code != 403, (route, case)
                continue
            assert response.status_code == 401, (route, case, response.text)
            assert response.headers["WWW-Authenticate"] == "Bearer"
            assert problem(response) == "not-authenticated"


async def test_every_role_gets_what_it_may_and_no_more(api: Api) -> None:
    tokens: Tokens = api.app.state.server.tokens
    for route, may in ROUTES.items():
        for role in Role:
            async with api.database.read() as session:
                epoch_of = "SELECT user_id, token_epoch FROM users WHERE username = :name"
                ((user_id, epoch),) = await session.tuples(epoch_of, {"name": role.value})
            response = await ask(api, route, {"Authorization": f"Bearer {tokens.issue(user_id, epoch)}"})
            if may is May.TRACKER:
                assert response.status_code == 401, (route, role)
            elif may is May.ADMIN and role is not Role.ADMIN:
                assert response.status_code == 403, (route, role, response.text)
                assert problem(response) == "not-permitted"
            else:
                assert response.status_code < 500, (route, role, response.text)
                assert response.status_code not in (401, 403), (route, role, response.text)


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
    now = datetime.now(UTC)
    claims = Claims(2, 0, now, now, now)
    async with api.database.read() as session:
        assert (await admit(session, claims, Audience.VIEWERS)).username == "viewer"
        with pytest.raises(NotPermitted):
            await admit(session, claims, Audience.ADMINS)


async def test_a_refusal_for_a_role_is_logged(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    assert (await api.get("/admin/audit", Role.VIEWER)).status_code == 403
    assert "User 2 is refused what only admins may do" in caplog.text
