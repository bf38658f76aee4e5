"""The log is complete: whatever can be asked that changes something or takes people away leaves an entry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from roadlens.api.refusals import MOST, Refused
from roadlens.domain import Role
from roadlens.storage.writes import audit
from tests.support.api import PASSWORD, Api

LOGIN = {"username": "viewer", "password": PASSWORD}
FORM = "application/x-www-form-urlencoded"
TELEMETRY = "telemetry: the positions themselves say when they came; a registration has its entry"

# For each way to change something: what is sent to it (over the known fleet, in this order), and the entry that it
# leaves: action, entity and its id. None: it leaves none, for the reason that stands there.
NOTED: dict[str, tuple[str, Any, tuple[str, str, str]] | str] = {
    "POST /api/v1/auth/login": ("/auth/login", LOGIN, ("sign in", "user", "2")),
    "POST /api/v1/auth/token": ("/auth/token", f"username=viewer&password={PASSWORD}", ("sign in", "user", "2")),
    "POST /api/v1/auth/refresh": "the session that began with a sign-in goes on",
    "POST /api/v1/admin/cache/clear": ("/admin/cache/clear?pattern=*", None, ("clear", "cache", "*")),
    "POST /api/v1/admin/drivers": (
        "/admin/drivers",
        {"driver_id": "D-9", "first_name": "Eve", "last_name": "Ng"},
        ("create", "driver", "D-9"),
    ),
    "PUT /api/v1/admin/drivers/{driver_id}": (
        "/admin/drivers/D-9",
        {"first_name": "Eva", "last_name": "Ng"},
        ("update", "driver", "D-9"),
    ),
    "PATCH /api/v1/admin/drivers/{driver_id}": ("/admin/drivers/D-9", {"city": "Oslo"}, ("update", "driver", "D-9")),
    "DELETE /api/v1/admin/drivers/{driver_id}": ("/admin/drivers/D-9", None, ("delete", "driver", "D-9")),
    "PATCH /api/v1/admin/events/{event_id:uuid}": (
        "/admin/events/{event}",
        {"state": "dismissed"},
        ("create", "review", "1"),
    ),
    "POST /api/v1/admin/events/review": (
        "/admin/events/review",
        {"event_ids": ["{event}"], "state": "coached"},
        ("update", "review", "1"),
    ),
    "POST /api/v1/admin/vehicles": (
        "/admin/vehicles",
        {"vehicle_id": "V-9", "name": "Van"},
        ("create", "vehicle", "V-9"),
    ),
    "PUT /api/v1/admin/vehicles/{vehicle_id}": ("/admin/vehicles/V-9", {"name": "Bus"}, ("update", "vehicle", "V-9")),
    "PATCH /api/v1/admin/vehicles/{vehicle_id}": (
        "/admin/vehicles/V-9",
        {"plate": "AB 12"},
        ("update", "vehicle", "V-9"),
    ),
    "DELETE /api/v1/admin/vehicles/{vehicle_id}": ("/admin/vehicles/V-9", None, ("delete", "vehicle", "V-9")),
    "POST /api/v1/admin/devices": ("/admin/devices", {"unique_id": "t-9"}, ("create", "device", "t-9")),
    "PATCH /api/v1/admin/devices/{unique_id:path}": ("/admin/devices/t-9", {"name": "T"}, ("update", "device", "t-9")),
    "POST /api/v1/admin/devices/{unique_id:path}/assignments": (
        "/admin/devices/t-9/assignments",
        {"driver_id": "DRV-0003", "vehicle_id": "VEH-0003"},
        ("create", "assignment", "5"),
    ),
    "PATCH /api/v1/admin/assignments/{assignment_id}": (
        "/admin/assignments/5",
        {"driver_id": "DRV-0001"},
        ("update", "assignment", "5"),
    ),
    "DELETE /api/v1/admin/assignments/{assignment_id}": ("/admin/assignments/5", None, ("delete", "assignment", "5")),
    "POST /api/v1/admin/users": (
        "/admin/users",
        {"username": "eve", "password": PASSWORD, "role": "viewer"},
        ("create", "user", "3"),
    ),
    "PATCH /api/v1/admin/users/{user_id}": ("/admin/users/3", {"role": "admin"}, ("update", "user", "3")),
    "POST /api/v1/admin/users/{user_id}/password": (
        "/admin/users/3/password",
        {"password": PASSWORD[::-1]},
        ("password", "user", "3"),
    ),
    "POST /api/v1/admin/users/{user_id}/erase": (
        "/admin/users/3/erase",
        {"confirm": "eve"},
        ("erase", "user", "erased-"),
    ),
    "POST /api/v1/admin/drivers/{driver_id}/erase": (
        "/admin/drivers/DRV-0002/erase",
        {"confirm": "DRV-0002"},
        ("erase", "driver", "erased-"),
    ),
    "POST /api/v1/auth/password": (
        "/auth/password",
        {"current": PASSWORD, "new": PASSWORD[::-1]},
        ("password", "user", "1"),
    ),
    "POST /api/v1/auth/logout": ("/auth/logout", None, ("sign out", "user", "2")),
    "POST /api/v1/ingest/traccar": TELEMETRY,
    "POST /api/v1/ingest/traccar/events": TELEMETRY,
    "POST /api/v1/ingest/phone": TELEMETRY,
    "POST /api/v1/ingest/positions": TELEMETRY,
}


def ways(api: Api, *methods: str) -> set[str]:
    found = iter_route_contexts(api.app.routes)
    return {f"{method} {route.path}" for route in found for method in (route.methods or ()) if method in methods}


async def newest(api: Api, count: int = 1) -> list[tuple[Any, ...]]:
    """The newest entries: actor, its id and address, action, entity and its id."""
    async with api.database.read() as session:
        return await session.tuples(
            "SELECT actor, actor_id, address, action, entity, entity_id FROM audit_log ORDER BY audit_id DESC LIMIT :n",
            {"n": count},
        )


async def test_every_way_to_change_something_leaves_an_entry(fleet: Api) -> None:
    assert ways(fleet, "POST", "PUT", "PATCH", "DELETE") == set(NOTED), "decide here what a new way leaves in the log"
    event = (await fleet.answer("/admin/events"))["items"][0]["event_id"]
    for way, how in NOTED.items():
        if isinstance(how, str):
            continue
        path, body, entry = how
        path, body = path.replace("{event}", event), json.loads(json.dumps(body).replace("{event}", event))
        role = Role.VIEWER if way.endswith("logout") else Role.ADMIN
        if isinstance(body, str):
            response = await fleet.client.post(f"/api/v1{path}", content=body, headers={"Content-Type": FORM})
        else:
            response = await fleet.send(way.split()[0], path, body, role)
        assert response.is_success, (way, response.text)
        ((actor, actor_id, address, *noted),) = await newest(fleet)
        assert noted[:2] == list(entry[:2]), way
        assert noted[2].startswith(entry[2]), way
        assert (actor, actor_id) in {("admin", 1), ("viewer", 2)}, way
        assert address == "127.0.0.1", way


async def test_no_secret_is_in_the_log(fleet: Api) -> None:
    await test_every_way_to_change_something_leaves_an_entry(fleet)
    async with fleet.database.read() as session:
        log = str(await session.tuples("SELECT actor, entity_id, before, after FROM audit_log"))
    for secret in (PASSWORD, PASSWORD[::-1], "argon2", fleet.tokens[Role.ADMIN]):
        assert secret not in log


async def test_every_list_that_is_taken_as_a_file_leaves_an_entry(fleet: Api) -> None:
    files = {way.removeprefix("GET /api/v1") for way in ways(fleet, "GET") if "/exports/" in way}
    assert len(files) >= 8
    for path in files:
        assert (await fleet.get(path)).status_code == 200
        name = path.rpartition("/")[2].removesuffix(".csv")
        assert await newest(fleet) == [("admin", 1, "127.0.0.1", "export", "list", name)]


async def test_what_was_searched_for_is_not_in_the_log(fleet: Api) -> None:
    await fleet.get("/admin/exports/drivers.csv", search="Okafor", risk_level="high")
    async with fleet.database.read() as session:
        noted = await session.value("SELECT after FROM audit_log ORDER BY audit_id DESC LIMIT 1")
    assert noted == {"search": "…", "risk_level": "high"}


async def test_of_an_export_only_filters_are_noted(fleet: Api) -> None:
    """Whatever else stands in the query may be a token, or what PostgreSQL's JSON cannot hold."""
    for name, value in (("q", "a\0b"), ("a\0b", "q"), ("access_token", "s3cr3t"), ("\ufffd", "\ufffd")):
        query = {name: value, "unassigned": "true"}
        assert (await fleet.get("/admin/exports/devices.csv", Role.ADMIN, **query)).status_code == 200
        async with fleet.database.read() as session:
            noted = await session.value("SELECT after FROM audit_log ORDER BY audit_id DESC LIMIT 1")
        assert noted == {"unassigned": "true"}


async def test_refused_sign_ins_are_noted_and_no_more_than_so_many(fleet: Api) -> None:
    async def attempt(name: str) -> int:
        body = {"username": name, "password": "wrong"}
        return (await fleet.client.post("/api/v1/auth/login", json=body)).status_code

    assert [await attempt(name) for name in ("admin", "hunter2")] == [401, 401]
    assert await newest(fleet, 2) == [
        (audit.NOBODY, None, "127.0.0.1", "sign in failed", "user", "unknown"),
        (audit.NOBODY, None, "127.0.0.1", "sign in failed", "user", "1"),
    ]
    while await attempt("admin") != 429:
        pass
    assert (await newest(fleet))[0][3:] == ("sign in throttled", "user", "1")
    for _ in range(MOST[Refused.THROTTLED] + 5):
        assert await attempt("admin") == 429
    async with fleet.database.read() as session:
        count = "SELECT count(*) FROM audit_log WHERE action = 'sign in throttled'"
        assert await session.value(count) == MOST[Refused.THROTTLED]


@pytest.mark.parametrize(
    ("statement", "entries"),
    [
        ("UPDATE drivers SET city = 'Oslo' WHERE driver_id = 'DRV-0001'", [("driver", "DRV-0001")]),
        ("UPDATE drivers SET city = city", []),
        ("UPDATE users SET password_hash = 'mine' WHERE user_id = 1", [("user", "1")]),
        ("UPDATE users SET role = 'admin' WHERE user_id = 2", [("user", "2")]),
        ("INSERT INTO ingest_tokens (name, digest) VALUES ('mine', '')", [("ingest_token", "1")]),
        ("DELETE FROM device_assignments WHERE assignment_id = 1", [("driver", "DRV-0001"), ("vehicle", "VEH-0001")]),
        ("INSERT INTO drivers SELECT 'D' || n, 'A', 'B' FROM generate_series(1, 101) n", [("drivers", "bulk")]),
    ],
)
async def test_what_other_sql_changes_is_noted_by_the_database(
    fleet: Api, statement: str, entries: list[tuple[str, str]]
) -> None:
    async with fleet.database.read() as session:
        before = await session.value("SELECT max(audit_id) FROM audit_log") or 0
    async with fleet.database.write() as session:
        await session.execute(statement)
    async with fleet.database.read() as session:
        noted = await session.tuples(
            "SELECT actor, action, entity, entity_id FROM audit_log WHERE audit_id > :before ORDER BY audit_id",
            {"before": before},
        )
    assert {("database: roadlens", "sql", *entry) for entry in entries} <= set(noted)
    assert bool(noted) == bool(entries)


async def test_an_entry_names_the_request_as_the_log_does(fleet: Api) -> None:
    answer = await fleet.client.patch(
        "/api/v1/admin/drivers/DRV-0001",
        headers={"Authorization": f"Bearer {fleet.tokens[Role.ADMIN]}", "X-Request-ID": "from.the-proxy_7"},
        json={"city": "Oslo"},
    )
    assert answer.status_code == 200, answer.text
    entry = (await fleet.answer("/admin/audit", limit=1))["items"][0]
    assert (entry["action"], entry["entity_id"], entry["request_id"]) == ("update", "DRV-0001", "from.the-proxy_7")
