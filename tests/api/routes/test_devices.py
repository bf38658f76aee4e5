"""Devices: listed, announced, and given to drivers over time, so that trips belong to whoever drove."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from roadlens.telemetry.doctor import differences
from tests.support import fleet
from tests.support.api import Api
from tests.support.fleet import NOON, drive

DAY_S = 86_400
A_WEEK = [each for day in range(7) for each in drive(day * DAY_S, 300)]
TRACKER = "/admin/devices/tracker-1"


def day(number: int) -> str:
    """Midnight before the drive of that day."""
    return (NOON.replace(hour=0) + timedelta(days=number)).isoformat()


@pytest.fixture
async def reported(api: Api) -> Api:
    """A device with a drive on each of seven days, two drivers and two vehicles."""
    ingest = await fleet.open_ingest(api.database)
    await fleet.deliver(ingest, "tracker-1", A_WEEK, register=False)
    for name in ("Ada", "Bo"):
        await api.send("POST", "/admin/drivers", {"first_name": name, "last_name": "X"})
        await api.send("POST", "/admin/vehicles", {"name": f"{name}'s"})
    return api


async def assign(api: Api, driver: int, begin: int | None = None, end: int | None = None) -> dict[str, Any]:
    """Give the device to a driver in the vehicle of the same number; returns the assignment."""
    body = {"driver_id": f"DRV-000{driver}", "vehicle_id": f"VEH-000{driver}"}
    body |= {name: day(value) for name, value in (("valid_from", begin), ("valid_to", end)) if value is not None}
    answer = await api.send("POST", f"{TRACKER}/assignments", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def trips(api: Api) -> list[int]:
    """How many trips each of the two drivers has, by the list and by the summary, which must agree."""
    assert await differences(api.database) == []
    listed = [len((await api.answer(f"/admin/drivers/DRV-000{number}/trips"))["items"]) for number in (1, 2)]
    summed = [(await api.answer(f"/admin/drivers/DRV-000{number}"))["totals"]["trips"] for number in (1, 2)]
    assert listed == summed
    return listed


async def test_the_list_and_who_has_what(reported: Api) -> None:
    await reported.send("POST", "/admin/devices", {"unique_id": "tracker-2", "name": "Spare"})
    await assign(reported, 1)
    with reported.statements() as seen:
        first = await reported.answer("/admin/devices", limit=1)
    second = await reported.answer("/admin/devices", limit=1, after=first["next"])
    assert len(seen) == 2
    (tracker,), (spare,) = first["items"], second["items"]
    assert (tracker["unique_id"], tracker["positions"]) == ("tracker-1", len(A_WEEK))
    assert tracker["driver"] == {"driver_id": "DRV-0001", "first_name": "Ada", "last_name": "X"}
    assert tracker["vehicle"] == {"vehicle_id": "VEH-0001", "name": "Ada's"}
    assert tracker["last_fix_at"] == "2024-03-12T12:05:10Z"
    assert (spare["name"], spare["driver"], spare["positions"], spare["last_fix_at"]) == ("Spare", None, 0, None)
    for unassigned, expected in ((True, ["tracker-2"]), (False, ["tracker-1"])):
        listed = await reported.answer("/admin/devices", unassigned=unassigned)
        assert [device["unique_id"] for device in listed["items"]] == expected


async def test_an_announced_device_is_there_and_is_nobody_s(api: Api) -> None:
    made = await api.send("POST", "/admin/devices", {"unique_id": "a/b c", "model": "FMC130"})
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == "/api/v1/admin/devices/a/b%20c"
    found = await api.client.get(
        made.headers["Location"], headers={"Authorization": made.request.headers["Authorization"]}
    )
    assert (found.json()["unique_id"], found.json()["driver"], found.json()["positions"]) == ("a/b c", None, 0)
    assert (await api.answer("/admin/devices/a/b c/assignments"))["items"] == []
    taken = await api.send("POST", "/admin/devices", {"unique_id": "a/b c"})
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (409, "unique_id")
    assert (await api.answer("/admin/dashboard/stats"))["totals"]["devices"] == 1
    assert (await api.send("PATCH", "/admin/devices/a/b c", {"name": "Van 1"})).json()["name"] == "Van 1"


async def test_an_assignment_makes_trips_of_what_was_sent(reported: Api) -> None:
    made = await assign(reported, 1)
    assert (made["unique_id"], made["valid_from"], made["valid_to"]) == ("tracker-1", None, None)
    assert await trips(reported) == [7, 0]


async def test_ending_an_assignment_and_beginning_another_moves_trips(reported: Api) -> None:
    made = await assign(reported, 1)
    path = f"/admin/assignments/{made['assignment_id']}"
    ended = await reported.send("PATCH", path, {"valid_to": day(3)})
    assert (ended.status_code, ended.headers["ETag"]) == (200, '"2"')
    assert await trips(reported) == [3, 0]
    await assign(reported, 2, 3)
    assert await trips(reported) == [3, 4]
    listed = (await reported.answer(f"{TRACKER}/assignments"))["items"]
    assert [each["driver_id"] for each in listed] == ["DRV-0001", "DRV-0002"]
    assert listed[0] == await reported.answer(path)
    assert await reported.answer("/admin/vehicles/VEH-0002/".rstrip("/"))


async def test_correcting_an_assignment_moves_trips_to_the_right_driver(reported: Api) -> None:
    made = await assign(reported, 1)
    path = f"/admin/assignments/{made['assignment_id']}"
    assert (await reported.send("PATCH", path, {"driver_id": "DRV-0002"})).json()["driver_id"] == "DRV-0002"
    assert await trips(reported) == [0, 7]
    before = await reported.answer("/admin/trips")
    assert (await reported.send("PATCH", path, {"vehicle_id": "VEH-0002"})).status_code == 200
    after = await reported.answer("/admin/trips")
    assert {trip["vehicle_id"] for trip in after["items"]} == {"VEH-0002"}
    assert [trip["trip_id"] for trip in before["items"]] == [trip["trip_id"] for trip in after["items"]]
    await reported.send("PATCH", path, {"valid_from": day(1), "valid_to": day(2)})
    assert await trips(reported) == [0, 1]
    await reported.send("PATCH", path, {"valid_from": None, "valid_to": None})
    assert await trips(reported) == [0, 7]


async def test_a_deleted_assignment_takes_its_trips_along_and_no_positions(reported: Api) -> None:
    made = await assign(reported, 1)
    assert (await reported.send("DELETE", f"/admin/assignments/{made['assignment_id']}")).status_code == 204
    assert await trips(reported) == [0, 0]
    assert (await reported.answer(TRACKER))["positions"] == len(A_WEEK)
    assert (await reported.send("DELETE", f"/admin/assignments/{made['assignment_id']}")).status_code == 404
    await assign(reported, 2)
    assert await trips(reported) == [0, 7]


async def test_the_way_round_does_not_matter(reported: Api) -> None:
    """Assigned, corrected, removed with the driver and given away again: as if it had been so from the beginning."""
    await assign(reported, 2, 3)
    expected = await fleet.rows(reported.database)
    (made,) = (await reported.answer("/admin/assignments"))["items"]
    await reported.send("DELETE", f"/admin/assignments/{made['assignment_id']}")
    await assign(reported, 1, None, 3)
    await assign(reported, 1, 3)
    await reported.send("DELETE", "/admin/drivers/DRV-0001")
    assert (await reported.answer("/admin/assignments"))["items"] == []
    assert (await reported.answer(TRACKER))["positions"] == len(A_WEEK)
    await reported.send("POST", "/admin/drivers", {"driver_id": "DRV-0001", "first_name": "A", "last_name": "X"})
    await assign(reported, 2, 3)
    assert await fleet.rows(reported.database) == expected
    assert await trips(reported) == [0, 4]


async def test_who_was_removed_is_not_registered_anew(reported: Api) -> None:
    """With automatic registration the next position would make the driver again, who was to be forgotten."""
    await assign(reported, 1)
    await reported.send("DELETE", "/admin/drivers/DRV-0001")
    ingest = await fleet.open_ingest(reported.database)
    outcome = await fleet.deliver(ingest, "tracker-1", drive(8 * DAY_S, 300), register=True)
    assert (outcome.registered, outcome.unassigned, outcome.trips) == ({}, {"tracker-1"}, 0)


async def test_two_at_a_time_is_refused(reported: Api) -> None:
    await assign(reported, 1, 1, 4)
    other = (await assign(reported, 2, 4))["assignment_id"]
    for answer in (
        await reported.send(
            "POST",
            f"{TRACKER}/assignments",
            {"driver_id": "DRV-0002", "vehicle_id": "VEH-0002", "valid_from": day(0), "valid_to": day(2)},
        ),
        await reported.send("PATCH", f"/admin/assignments/{other}", {"valid_from": day(3)}),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "valid_from")
        assert "/api/v1/admin/devices/tracker-1/assignments" in answer.json()["detail"]
    assert await trips(reported) == [3, 3]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"driver_id": "DRV-9"}, "driver_id"),
        ({"vehicle_id": "VEH-9"}, "vehicle_id"),
        ({"driver_id": "a\0b"}, "driver_id"),
        ({"driver_id": None}, "driver_id"),
        ({"valid_from": "2024-03-07", "valid_to": "2024-03-07"}, "valid_to"),
        ({"valid_from": "2024-03-08", "valid_to": "2024-03-07"}, "valid_to"),
        ({"valid_to": "0001-01-01T00:00:00+14:00"}, "valid_to"),
        ({"valid_from": "9999-12-31T23:59:59-14:00"}, "valid_from"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"unique_id": "tracker-2"}, "unique_id"),
    ],
)
async def test_what_is_wrong_is_named(reported: Api, wrong: dict[str, Any], field: str) -> None:
    made = await assign(reported, 1)
    await reported.send("POST", "/admin/devices", {"unique_id": "tracker-2"})
    body = {"driver_id": "DRV-0001", "vehicle_id": "VEH-0001"}
    for answer in (
        await reported.send("POST", "/admin/devices/tracker-2/assignments", body | wrong),
        await reported.send("PATCH", f"/admin/assignments/{made['assignment_id']}", wrong),
    ):
        assert answer.status_code == 422, answer.text
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await trips(reported) == [7, 0]


async def test_what_is_not_there(api: Api) -> None:
    for method, path, body in (
        ("GET", "/admin/devices/none", None),
        ("PATCH", "/admin/devices/none", {}),
        ("GET", "/admin/devices/none/assignments", None),
        ("POST", "/admin/devices/none/assignments", {"driver_id": "a", "vehicle_id": "b"}),
        ("GET", "/admin/assignments/1", None),
        ("PATCH", "/admin/assignments/1", {}),
        ("DELETE", "/admin/assignments/1", None),
    ):
        assert (await api.send(method, path, body)).status_code == 404, (method, path)
    assert (await api.send("GET", f"/admin/assignments/{2**63}")).status_code == 422


async def test_every_change_is_in_the_log(reported: Api) -> None:
    made = await assign(reported, 1)
    path = f"/admin/assignments/{made['assignment_id']}"
    await reported.send("PATCH", path, {"driver_id": "DRV-0002"})
    await reported.send("DELETE", path)
    log = (await reported.answer("/admin/audit", entity="assignment"))["items"]
    assert [entry["action"] for entry in log] == ["delete", "update", "create"]
    assert log[2]["after"]["unique_id"] == "tracker-1"
    assert (log[1]["before"], log[1]["after"]) == ({"driver_id": "DRV-0001"}, {"driver_id": "DRV-0002"})
    assert log[0]["before"]["driver_id"] == "DRV-0002"
