"""All that is held about a driver, as a file; and erasing people over HTTP."""

from __future__ import annotations

from typing import Any

from roadlens.api.schemas.personal import DriverFile
from roadlens.domain import Role
from tests.support.api import Api

ZEBS_PASSWORD = "marmalade under floorboards"
DRIVER = "/admin/drivers/DRV-0002"


async def entries(api: Api, **wanted: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.answer("/admin/audit", **wanted))["items"]
    return found


# As another version might have scored the driver.
BESIDE = (
    "INSERT INTO rescored_trips SELECT 2, trip_id, driver_id, day, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 90 FROM trips",
    "INSERT INTO rescored_events SELECT 2, * FROM safety_events",
    "INSERT INTO rescored_risk SELECT 2, driver_id, day, 9, 'low', 1, '[]' FROM risk_scores",
)


async def test_the_export_has_all_that_is_held(fleet: Api) -> None:
    await fleet.send("PATCH", DRIVER, {"city": "Malmö"})
    response = await fleet.get(f"{DRIVER}/export")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert 'filename="driver-' in response.headers["Content-Disposition"]
    assert response.headers["Cache-Control"] == "no-store"
    held = response.json()
    assert list(held) == [
        *("format", "made_at", "driver", "summary", "vehicles", "devices", "assignments", "log"),
        *("risk_scores", "days", "trips", "reviews", "events"),
        *("rescored_risk", "rescored_trips", "rescored_events", "positions"),
    ]
    assert list(held) == list(DriverFile.model_validate(held).model_dump())
    assert (held["driver"]["driver_id"], held["driver"]["city"]) == ("DRV-0002", "Malmö")
    assert [vehicle["vehicle_id"] for vehicle in held["vehicles"]] == ["VEH-0002"]
    assert [device["unique_id"] for device in held["devices"]] == ["device-2"]
    assert (len(held["trips"]), len(held["events"]), len(held["positions"])) == (1, 3, 120)
    assert held["trips"][0]["trip_score"] == 70.1
    assert [score["risk_score"] for score in held["risk_scores"]] == [50.0]
    times = [position["fix_time"] for position in held["positions"]]
    assert times == sorted(times)
    assert held["positions"][0]["speed_kmh"] is None, "NaN is no JSON"
    update = held["log"][-2]
    assert (update["action"], update["after"]) == ("update", {"city": "Malmö"})
    assert held["log"][-1]["action"] == "export", "that it is handed out is held as well"
    assert "actor" not in update, "who else works here is not about the driver"
    (noted,) = await entries(fleet, entity="driver", entity_id="DRV-0002", action="export")
    assert (noted["actor"], noted["address"]) == ("admin", "127.0.0.1")


async def test_columns_of_every_table_about_drivers_are_in_it(fleet: Api) -> None:
    """A table that refers to drivers has its columns in the export, all that are not numbers of ours."""
    event = (await fleet.answer("/admin/events", driver_id="DRV-0002"))["items"][0]["event_id"]
    await fleet.send("PATCH", f"/admin/events/{event}", {"state": "coached", "note": "spoke with him"})
    async with fleet.database.write() as session:
        for statement in BESIDE:
            await session.execute(statement)
    held = (await fleet.get(f"{DRIVER}/export")).json()
    assert held["reviews"][0]["note"] == "spoke with him"
    parts = {
        "drivers": [held["driver"]],
        "trips": held["trips"],
        "event_reviews": held["reviews"],
        "safety_events": held["events"],
        "driver_day": held["days"],
        "device_assignments": held["assignments"],
        "risk_scores": held["risk_scores"],
        "driver_summary": [held["summary"]],
        **{table: held[table] for table in ("rescored_risk", "rescored_trips", "rescored_events")},
    }
    left_out = {"device_id", "driver_id", "version", "review_id", "reviewed_by"}
    async with fleet.database.read() as session:
        found = await session.tuples(
            "SELECT relname, array_agg(attname::text) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
            "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND attnum > 0 AND NOT attisdropped "
            "GROUP BY relname HAVING 'driver_id' = ANY(array_agg(attname::text))"
        )
    assert {table for table, _ in found} == set(parts)
    for table, columns in found:
        assert set(columns) - left_out <= set(parts[table][0]), table


async def test_only_admins_take_it_and_nobody_of_whom_nothing_is_held(fleet: Api) -> None:
    assert (await fleet.get(f"{DRIVER}/export", Role.VIEWER)).status_code == 403
    assert (await fleet.get("/admin/drivers/DRV-7777/export")).status_code == 404
    assert await entries(fleet, action="export") == []


async def test_a_driver_is_erased_by_who_types_the_id_again(fleet: Api) -> None:
    await fleet.answer(DRIVER)
    for body in ({"confirm": "DRV-0003"}, {"confirm": ""}, {}):
        refused = await fleet.send("POST", f"{DRIVER}/erase", body)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "confirm"
    assert (await fleet.send("POST", f"{DRIVER}/erase", {"confirm": "DRV-0002"}, Role.VIEWER)).status_code == 403
    done = (await fleet.send("POST", f"{DRIVER}/erase", {"confirm": "DRV-0002"})).json()
    assert done["erased_as"].startswith("erased-")
    assert (done["trips"], done["positions"], done["vehicles"]) == (1, 120, ["VEH-0002"])
    assert (await fleet.get(DRIVER)).status_code == 404
    assert (await fleet.answer("/admin/dashboard/summary"))["total_trips"] == 41
    kept = await entries(fleet, entity="driver", entity_id=done["erased_as"])
    assert kept[0]["action"] == "erase"
    assert all(entry["before"] is entry["after"] is None and entry["erased"] for entry in kept[1:])
    again = await fleet.send("POST", f"{DRIVER}/erase", {"confirm": "DRV-0002"})
    assert (again.status_code, again.json()["erased_as"]) == (200, None)
    assert (await fleet.send("DELETE", "/admin/vehicles/VEH-0002")).status_code == 204


async def test_a_user_is_erased_and_what_the_user_did_stays(fleet: Api) -> None:
    made = await fleet.send("POST", "/admin/users", {"username": "zeb", "password": ZEBS_PASSWORD, "role": "admin"})
    user_id = made.json()["user_id"]
    body = {"username": "zeb", "password": ZEBS_PASSWORD}
    token = (await fleet.client.post("/api/v1/auth/login", json=body)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    changed = await fleet.client.patch("/api/v1/admin/drivers/DRV-0001", json={"city": "Oslo"}, headers=headers)
    assert changed.status_code == 200
    path = f"/admin/users/{user_id}/erase"
    assert (await fleet.send("POST", path, {"confirm": "zeb "})).status_code == 422
    own = await fleet.client.post(f"/api/v1{path}", json={"confirm": "zeb"}, headers=headers)
    assert own.status_code == 409
    done = (await fleet.send("POST", path, {"confirm": "zeb"})).json()
    assert done["erased_as"].startswith("erased-")
    assert (await fleet.client.get("/api/v1/auth/me", headers=headers)).status_code == 401
    (edit,) = [entry for entry in await entries(fleet, entity="driver") if entry["actor"] == done["erased_as"]]
    assert edit["after"] == {"city": "Oslo"}
    assert (edit["address"], edit["actor_id"]) == (None, user_id)
    assert "zeb" not in (await fleet.get("/admin/audit")).text
    assert (await fleet.send("POST", path, {"confirm": "zeb"})).json() == {"erased_as": None, "audit_entries": 0}


async def test_what_a_device_says_of_somebody_who_has_it_now_is_not_in_it(fleet: Api) -> None:
    (held,) = (await fleet.answer("/admin/assignments", driver_id="DRV-0002"))["items"]
    path = f"/admin/assignments/{held['assignment_id']}"
    assert (await fleet.send("PATCH", path, {"valid_to": "2025-01-01T00:00:00Z"})).status_code == 200
    theirs = {"name": "Phone of Zebulon", "phone": "+15550199", "contact": "Zebulon Quux"}
    assert (await fleet.send("PATCH", "/admin/devices/device-2", theirs)).status_code == 200
    own = (await fleet.get(f"{DRIVER}/export")).json()["devices"]
    assert [device["contact"] for device in own] == ["Zebulon Quux"], "nobody has it: it may be what the driver said"
    given = {"driver_id": "DRV-0003", "vehicle_id": "VEH-0003", "valid_from": "2025-01-01T00:00:00Z"}
    assert (await fleet.send("POST", "/admin/devices/device-2/assignments", given)).status_code == 201
    (device,) = (await fleet.get(f"{DRIVER}/export")).json()["devices"]
    assert (device["unique_id"], device["name"], device["phone"], device["contact"]) == ("device-2", None, None, None)
    other = (await fleet.get("/admin/drivers/DRV-0003/export")).json()["devices"]
    assert "Zebulon Quux" in [device["contact"] for device in other]


async def test_names_that_a_file_of_the_log_was_asked_for_are_not_noted(fleet: Api) -> None:
    """They would outlive the person's erasure."""
    for wanted in ({"actor": "zebulon", "name": "zebulon"}, {"entity": "driver", "entity_id": "DRV-0002"}):
        assert (await fleet.get("/admin/exports/audit.csv", Role.ADMIN, **wanted)).status_code == 200
    taken = await entries(fleet, action="export")
    assert [entry["after"] for entry in taken] == [{"entity": "driver", "entity_id": "…"}, {"actor": "…"}]
