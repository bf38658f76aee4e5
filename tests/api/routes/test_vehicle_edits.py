"""Vehicles made, replaced, changed and removed by an admin."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api

VAN: dict[str, Any] = {
    "name": "Van 1",
    "vin": "1M8GDM9AXKP042788",
    "plate": "8ABC123",
    "make": "Ford",
    "model": "Transit",
    "model_year": 2023,
    "category": "van",
}
PATH = "/admin/vehicles/VEH-0001"


async def test_the_life_of_a_vehicle(api: Api) -> None:
    with api.statements() as seen:
        made = await api.send("POST", "/admin/vehicles", VAN)
    assert (made.status_code, len(seen)) == (201, 5)
    assert made.headers["Location"] == f"/api/v1{PATH}"
    with api.statements() as seen:
        found = await api.answer(PATH)
    assert len(seen) == 2
    assert {name: found[name] for name in VAN} == VAN
    assert found["driver"] is None

    patched = await api.send("PATCH", PATH, {"plate": None, "vin": "5gzcz43d13s812715"})
    assert (patched.status_code, patched.headers["ETag"]) == (200, '"2"')
    assert (patched.json()["plate"], patched.json()["vin"]) == (None, "5GZCZ43D13S812715")
    replaced = await api.send("PUT", PATH, {"name": "Van 2"})
    assert replaced.headers["ETag"] == '"3"'
    found = await api.answer(PATH)
    assert {name: found[name] for name in VAN} == dict.fromkeys(VAN) | {"name": "Van 2"}

    assert (await api.send("DELETE", PATH)).status_code == 204
    for method, body in (("GET", None), ("PUT", {"name": "x"}), ("PATCH", {}), ("DELETE", None)):
        assert (await api.send(method, PATH, body)).status_code == 404
    actions = [entry["action"] for entry in (await api.answer("/admin/audit", entity="vehicle"))["items"]]
    assert actions == ["delete", "update", "update", "create"]


async def test_ids_and_vins_are_taken_once(api: Api) -> None:
    await api.send("POST", "/admin/vehicles", VAN | {"vehicle_id": "VEH-0001"})
    assert (await api.send("POST", "/admin/vehicles", {"name": "x"})).json()["vehicle_id"] == "VEH-0002"
    for body, field in (
        ({"name": "x", "vehicle_id": "VEH-0001"}, "vehicle_id"),
        ({"name": "x", "vin": "1m8gdm9axkp042788"}, "vin"),
    ):
        answer = await api.send("POST", "/admin/vehicles", body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, field)


async def test_one_that_was_driven_stays(fleet: Api) -> None:
    answer = await fleet.send("DELETE", PATH)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "vehicle_id")
    assert "/api/v1/admin/assignments?vehicle_id=VEH-0001" in answer.json()["detail"]
    listed = await fleet.answer("/admin/assignments", vehicle_id="VEH-0001")
    assert [each["unique_id"] for each in listed["items"]] == ["device-1"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": None}, "name"),
        ({"vin": "1M8GDM9A1KP042788"}, "vin"),
        ({"vin": "SHORT"}, "vin"),
        ({"model_year": 1600}, "model_year"),
        ({"model_year": "2023"}, "model_year"),
        ({"plate": "x" * 21}, "plate"),
        ({"colour": "blue"}, "colour"),
    ],
)
async def test_what_is_wrong_is_named(api: Api, wrong: dict[str, Any], field: str) -> None:
    await api.send("POST", "/admin/vehicles", VAN)
    for answer in (
        await api.send("POST", "/admin/vehicles", VAN | wrong),
        await api.send("PUT", PATH, VAN | wrong),
        await api.send("PATCH", PATH, wrong),
    ):
        assert answer.status_code == 422, answer.text
        assert [error["field"] for error in answer.json()["errors"]] == [field]
