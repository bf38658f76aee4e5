"""Drivers made, replaced, changed and removed by an admin."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from roadlens.telemetry.doctor import differences
from tests.support.api import Api

ADA: dict[str, Any] = {
    "first_name": "Ada",
    "last_name": "Okafor",
    "email": "ada@example.com",
    "phone": "+1 555 0100",
    "date_of_birth": "1988-02-29",
    "licence_number": "S5301234",
    "licence_state": "CA",
    "years_licensed": 17,
    "address": "12 Quay Street",
    "city": "Oakland",
    "state": "CA",
    "zip_code": "94607",
}
BO = {"first_name": "Bo", "last_name": "Lindqvist"}
PATH = "/admin/drivers/DRV-0001"


async def test_a_new_driver_is_there(api: Api) -> None:
    with api.statements() as seen:
        made = await api.send("POST", "/admin/drivers", ADA)
    assert made.status_code == 201, made.text
    assert len(seen) == 5
    assert made.headers["Location"] == "/api/v1/admin/drivers/DRV-0001"
    assert made.headers["ETag"] == '"1"'
    found = await api.answer(PATH)
    assert {name: found[name] for name in ADA} == ADA
    assert made.json() == {name: found[name] for name in made.json()}
    assert found["latest_score"] is None
    assert (await api.answer("/admin/dashboard/summary"))["total_drivers"] == 1


async def test_an_id_is_chosen_or_the_next_free_one(api: Api) -> None:
    assert (await api.send("POST", "/admin/drivers", BO | {"driver_id": "DRV-0001"})).status_code == 201
    assert (await api.send("POST", "/admin/drivers", BO | {"driver_id": "DRV-0003"})).status_code == 201
    ids = [(await api.send("POST", "/admin/drivers", BO)).json()["driver_id"] for _ in range(3)]
    assert ids == ["DRV-0002", "DRV-0004", "DRV-0005"]
    taken = await api.send("POST", "/admin/drivers", BO | {"driver_id": "DRV-0002"})
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (409, "driver_id")
    assert "DRV-0002" in taken.json()["detail"]


async def test_ids_drawn_and_chosen_at_once_never_collide(api: Api) -> None:
    chosen = [BO | {"driver_id": f"DRV-{number:04d}"} for number in range(1, 9)]
    made = await asyncio.gather(*(api.send("POST", "/admin/drivers", body) for body in [*chosen, *[BO] * 8]))
    drawn = [answer for answer in made if answer.status_code == 201]
    assert {answer.status_code for answer in made} <= {201, 409}
    assert all(answer.status_code == 201 for answer in made[8:]), "who chose no id is never refused"
    assert len({answer.json()["driver_id"] for answer in drawn}) == len(drawn)


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"email": "ADA@example.com"}, "email"),
        ({"licence_number": "s5301234", "licence_state": "us-ca"}, "licence_number"),
    ],
)
async def test_what_is_taken_is_named(api: Api, other: dict[str, str], field: str) -> None:
    await api.send("POST", "/admin/drivers", ADA)
    await api.send("POST", "/admin/drivers", BO)
    for answer in (
        await api.send("POST", "/admin/drivers", BO | other),
        await api.send("PUT", "/admin/drivers/DRV-0002", BO | other),
        await api.send("PATCH", "/admin/drivers/DRV-0002", other),
    ):
        assert answer.status_code == 409, answer.text
        assert answer.json()["type"] == "urn:roadlens:problem:conflict"
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await api.answer("/admin/drivers/DRV-0002"))["email"] is None
    assert (await api.send("PATCH", PATH, other)).status_code == 200, "one's own is not taken"


async def test_a_replacement_clears_what_it_leaves_out(api: Api) -> None:
    await api.send("POST", "/admin/drivers", ADA)
    replaced = await api.send("PUT", PATH, BO | {"city": "Malmö"})
    assert replaced.status_code == 200
    assert replaced.headers["ETag"] == '"2"'
    found = await api.answer(PATH)
    kept = {"first_name": "Bo", "last_name": "Lindqvist", "city": "Malmö"}
    assert {name: found[name] for name in ADA} == dict.fromkeys(ADA) | kept
    assert found["updated_at"] > found["created_at"]


async def test_a_patch_changes_what_it_names(api: Api) -> None:
    await api.send("POST", "/admin/drivers", ADA)
    with api.statements() as seen:
        patched = await api.send("PATCH", PATH, {"phone": None, "last_name": "  Okafor-Lind "})
    assert (patched.status_code, len(seen)) == (200, 6)
    found = await api.answer(PATH)
    assert {name: found[name] for name in ADA} == ADA | {"phone": None, "last_name": "Okafor-Lind"}


async def test_what_changes_nothing_writes_nothing(api: Api) -> None:
    await api.send("POST", "/admin/drivers", ADA)
    before = await api.answer(PATH)
    for answer in (
        await api.send("PATCH", PATH, {}),
        await api.send("PATCH", PATH, {"city": "Oakland"}),
        await api.send("PUT", PATH, ADA),
    ):
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert await api.answer(PATH) == before
    assert len((await api.answer("/admin/audit", entity="driver"))["items"]) == 1


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"first_name": ""}, ["first_name"]),
    ({"first_name": None}, ["first_name"]),
    ({"first_name": "a\0b"}, ["first_name"]),
    ({"last_name": "x" * 101}, ["last_name"]),
    ({"email": "nobody"}, ["email"]),
    ({"email": ""}, ["email"]),
    ({"date_of_birth": "2999-01-01"}, ["date_of_birth"]),
    ({"date_of_birth": "yesterday"}, ["date_of_birth"]),
    ({"licence_state": "XX"}, ["licence_state"]),
    ({"years_licensed": "5"}, ["years_licensed"]),
    ({"years_licensed": 40}, ["years_licensed"]),
    ({"phone": "x", "zip_code": "?"}, ["phone", "zip_code"]),
    ({"shoe_size": 43}, ["shoe_size"]),
    ({"created_at": "2020-01-01T00:00:00Z"}, ["created_at"]),
    ({"a\ud800b": 1}, ["body"]),
]


@pytest.fixture(scope="module")
async def with_ada(shared_api: Api) -> Api:
    assert (await shared_api.send("POST", "/admin/drivers", ADA)).status_code == 201
    return shared_api


@pytest.mark.parametrize(("wrong", "named"), WRONG)
async def test_what_is_wrong_is_named(with_ada: Api, wrong: dict[str, Any], named: list[str]) -> None:
    for answer in (
        await with_ada.send("POST", "/admin/drivers", ADA | wrong),
        await with_ada.send("PUT", PATH, ADA | wrong),
        await with_ada.send("PATCH", PATH, wrong),
    ):
        assert answer.status_code == 422, answer.text
        assert [error["field"] for error in answer.json()["errors"]] == named
    assert (await with_ada.answer("/admin/dashboard/summary"))["total_drivers"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b"null", 422),
        (b'"Ada"', 422),
        (b'{"first_name": "Ada", "last_name": NaN}', 422),
        (b'{"first_name": "A", "last_name": "B", "years_licensed": Infinity}', 422),
        (b'{"first_name": "A", "last_name": "B", "years_licensed": 1e999}', 422),
        (b'{"first_name": "A", "last_name": "B", "years_licensed": ' + b"9" * 5000 + b"}", 400),
        (b"[" * 30_000, 400),
        (b"\xff\xfe", 422),
        (b'{"first_name": "' + b"x" * 70_000 + b'"}', 413),
    ],
)
async def test_what_makes_no_sense(shared_api: Api, body: bytes, status: int) -> None:
    headers = {"Authorization": f"Bearer {next(iter(shared_api.tokens.values()))}", "Content-Type": "application/json"}
    answer = await shared_api.client.post("/api/v1/admin/drivers", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


async def test_who_is_not_there_cannot_be_changed(api: Api) -> None:
    for method, body in (("PUT", BO), ("PATCH", {}), ("DELETE", None)):
        answer = await api.send(method, "/admin/drivers/DRV-9999", body)
        assert answer.status_code == 404
        assert "DRV-9999" in answer.json()["detail"]


async def test_a_removed_driver_leaves_nothing_but_the_log(fleet: Api) -> None:
    before = await fleet.answer("/admin/dashboard/stats")
    removed = await fleet.send("DELETE", PATH)
    assert (removed.status_code, removed.content) == (204, b"")
    assert (await fleet.get(PATH)).status_code == 404
    after = await fleet.answer("/admin/dashboard/stats")
    assert before["totals"]["trips"] - after["totals"]["trips"] == 40
    assert before["totals"]["drivers"] - after["totals"]["drivers"] == 1
    assert before["totals"]["vehicles"] == after["totals"]["vehicles"]
    async with fleet.database.read() as session:
        for table in ("trips", "safety_events", "risk_scores", "driver_day", "driver_summary", "device_assignments"):
            assert await session.value(f"SELECT count(*) FROM {table} WHERE driver_id = 'DRV-0001'") == 0
    assert (await fleet.answer("/admin/dashboard/summary"))["avg_risk_score"] == 67.5
    entry = (await fleet.answer("/admin/audit", entity="driver", entity_id="DRV-0001"))["items"][0]
    assert (entry["actor"], entry["action"], entry["after"]) == ("admin", "delete", None)
    assert (entry["before"]["email"], entry["before"]["trips"]) == ("ada@example.com", 40)
    assert entry["before"]["assignments"][0]["unique_id"] == "device-1"
    devices = await fleet.answer("/admin/devices", unassigned=True)
    assert [device["unique_id"] for device in devices["items"]] == ["device-1"]


async def test_a_removed_driver_leaves_exact_read_models(fleet: Api) -> None:
    known = {str(difference) for difference in await differences(fleet.database)}
    for number in (1, 2, 3):
        assert (await fleet.send("DELETE", f"/admin/drivers/DRV-000{number}")).status_code == 204
    assert {str(difference) for difference in await differences(fleet.database)} <= known
    summary = await fleet.answer("/admin/dashboard/summary")
    assert (summary["total_drivers"], summary["total_trips"], summary["avg_risk_score"]) == (1, 0, None)
