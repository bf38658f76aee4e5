"""Whatever goes wrong is answered as a problem that says what to do, and tells nothing of the inside."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from roadlens.api.problems import Problem
from roadlens.domain import Role
from tests.support.api import Api

LONG = "x" * 201


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("/admin/drivers", {"limit": 0}, "limit"),
    ("/admin/drivers", {"limit": 1001}, "limit"),
    ("/admin/drivers", {"limit": 10**9}, "limit"),
    ("/admin/drivers", {"limit": "ten"}, "limit"),
    ("/admin/drivers", {"skip": -1}, "skip"),
    ("/admin/drivers", {"skip": 10**30}, "skip"),
    ("/admin/drivers", {"sort": "drop table"}, "sort"),
    ("/admin/drivers", {"order": "up"}, "order"),
    ("/admin/drivers", {"risk_level": "none"}, "risk_level"),
    ("/admin/drivers", {"search": LONG}, "search"),
    ("/admin/drivers", {"search": LONG * 50}, "search"),
    ("/admin/drivers", {"search": "a\0b"}, "search"),
    ("/admin/drivers", {"after": "made-up"}, "after"),
    ("/admin/drivers", {"after": LONG * 10}, "after"),
    ("/admin/drivers", {"after": "any", "skip": 1}, "skip"),
    ("/admin/drivers/a%00b", {}, "driver_id"),
    (f"/admin/drivers/{LONG}/risk", {}, "driver_id"),
    ("/admin/drivers/DRV-0001/statistics", {"period_days": 366}, "period_days"),
    ("/admin/drivers/DRV-0001/trips", {"from": "yesterday"}, "from"),
    ("/admin/trips", {"to": "99999-01-01"}, "to"),
    ("/admin/trips", {"from": "1700000000"}, "from"),
    ("/admin/trips", {"to": "0.5"}, "to"),
    ("/admin/trips", {"driver_id": "a\0b"}, "driver_id"),
    ("/admin/trips/1", {}, "trip_id"),
    ("/admin/events", {"event_type": "crash"}, "event_type"),
    ("/admin/events", {"source": "rumour"}, "source"),
    ("/admin/events", {"state": "lost"}, "state"),
    ("/admin/dashboard/trip-activity", {"days": 31}, "days"),
    ("/admin/dashboard/safety-events", {"days": 0}, "days"),
    ("/admin/users", {"after": "made-up"}, "after"),
    ("/admin/vehicles", {"after": "made-up"}, "after"),
]


async def test_a_wrong_parameter_is_named(api: Api) -> None:
    for path, params, field in WRONG:
        response = await api.get(path, **params)
        assert response.status_code == 422, (path, params, response.text)
        assert response.headers["Content-Type"] == "application/problem+json"
        problem = TypeAdapter(Problem).validate_json(response.content)
        assert problem.type == "urn:roadlens:problem:invalid-input"
        assert [error.field for error in problem.errors or []] == [field]
        assert problem.instance is not None
        assert problem.instance.startswith("/api/v1/admin/")


async def test_http_errors(api: Api) -> None:
    for method, path, status, code in (
        ("GET", "/api/v1/nothing", 404, "not-found"),
        ("GET", "/nothing", 404, "not-found"),
        ("DELETE", "/api/v1/admin/dashboard/stats", 405, "method-not-allowed"),
    ):
        response = await api.client.request(method, path)
        assert response.status_code == status
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json()["type"] == f"urn:roadlens:problem:{code}"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Allow" in response.headers or status != 405


async def test_what_works_at_an_address_is_named_whole(api: Api) -> None:
    """Several routes share an address, one a method."""
    for path, methods in (
        ("/api/v1/admin/drivers", "GET, HEAD, POST"),
        ("/api/v1/admin/drivers/DRV-0001", "DELETE, GET, HEAD, PATCH, PUT"),
        ("/api/v1/auth/login", "POST"),
    ):
        response = await api.client.request("OPTIONS", path)
        assert (response.status_code, response.headers["Allow"]) == (405, methods)


async def test_a_body_that_is_no_text(api: Api) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {api.tokens[Role.ADMIN]}"}
    response = await api.client.post("/api/v1/admin/drivers", content=b'{"first_name": "\xb5"}', headers=headers)
    assert response.status_code == 400
    assert response.json()["detail"] == "The body cannot be read. Send JSON in UTF-8, or the form that /docs shows."


async def test_a_mistake_of_ours_tells_nothing_of_the_inside(api: Api) -> None:
    async with api.database.write() as session:
        await session.execute("ALTER TABLE fleet_totals RENAME drivers TO elsewhere")
    response = await api.get("/admin/dashboard/summary")
    assert response.status_code == 500
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.json()["type"] == "urn:roadlens:problem:internal"
    assert "fleet_totals" not in response.text
    assert "SELECT" not in response.text


async def test_where_tables_are_missing_one_is_told_to_come_again(api: Api) -> None:
    async with api.database.write() as session:
        await session.execute("ALTER TABLE fleet_totals RENAME TO elsewhere")
    response = await api.get("/admin/dashboard/summary")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert "as while a backup is restored" in response.json()["detail"]
    assert "fleet_totals" not in response.text
