"""Files of lists: the same rows and fields as the lists, all of them, for the same people, and never from the cache."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import Response

from roadlens.domain import EventType, Role
from roadlens.storage.cursor import BATCH
from tests.support.api import Api
from tests.support.known_fleet import days_ago

# Each list, the key of its rows, and filters that leave some of them.
LISTS: dict[str, tuple[str, tuple[dict[str, str], ...]]] = {
    "drivers": (
        "drivers",
        (
            {},
            {"search": "da"},
            {"search": " o'n ", "sort": "name"},
            {"risk_level": "high"},
            {"risk_level": "high", "sort": "risk"},
            {"sort": "name"},
            {"sort": "risk"},
            {"sort": "last_trip", "order": "asc"},
            {"sort": "created", "order": "desc"},
        ),
    ),
    "trips": (
        "items",
        (
            {},
            {"driver_id": "DRV-0001"},
            {"driver_id": "DRV-9999"},
            {"from": days_ago(3).isoformat(), "to": days_ago(1).isoformat()},
        ),
    ),
    "events": (
        "items",
        (
            {},
            {"event_type": EventType.HARSH_BRAKING.value},
            {"source": "gps"},
            {"state": "coached", "driver_id": "DRV-0002"},
            {"from": days_ago(0).isoformat()},
        ),
    ),
    "vehicles": ("items", ({},)),
    "users": ("items", ({},)),
    "devices": ("items", ({}, {"unassigned": "true"}, {"unassigned": "false"})),
    "assignments": ("items", ({}, {"driver_id": "DRV-0002"}, {"vehicle_id": "VEH-0003"}, {"unique_id": "device-1"})),
    "audit": ("items", ({}, {"entity": "driver"}, {"entity": "driver", "entity_id": "DRV-0001"})),
}
WRONG = [
    ("drivers", {"risk_level": "x"}),
    ("drivers", {"search": "a\0"}),
    ("drivers", {"sort": "x"}),
    ("trips", {"from": "yesterday"}),
    ("events", {"state": "x"}),
    ("devices", {"unassigned": "x"}),
    ("audit", {"entity": "x" * 101}),
]


def file(name: str) -> str:
    return f"/admin/exports/{name}.csv"


def read(response: Response) -> list[dict[str, str]]:
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.text, newline=""), strict=True))


def same(cell: str, value: Any) -> bool:
    """Whether a cell says what a value of JSON does; text that would be a formula has a mark before it."""
    if value is None or isinstance(value, bool):
        return cell == ("" if value is None else str(value).lower())
    if isinstance(value, int | float):
        return float(cell) == value
    if isinstance(value, dict):
        found: object = json.loads(cell)
        return found == value
    return cell == (f"'{value}" if value[:1] in {*"+-=@"} else value)


def at(item: Any, heading: str) -> Any:
    """The value under a heading: `vehicle.name` is the name of what is at `vehicle`, if there is one."""
    for name in heading.split("."):
        item = None if item is None else item[name]
    return item


async def listed(api: Api, name: str, **filters: str) -> list[dict[str, Any]]:
    """All items, page by page."""
    page = await api.answer(f"/admin/{name}", limit=7, **filters)
    items = list(page[LISTS[name][0]])
    while page["next"]:
        page = await api.answer(f"/admin/{name}", limit=7, **filters, after=page["next"])
        items += page[LISTS[name][0]]
    return items


@pytest.mark.parametrize("name", LISTS)
async def test_a_file_has_the_rows_and_fields_of_the_list(fleet: Api, name: str) -> None:
    await fleet.send("PATCH", "/admin/drivers/DRV-0001", {"phone": "+1 555 0100", "city": "Ōsaka"})
    await fleet.send("PATCH", "/admin/drivers/DRV-0002", {"address": '1, "Quay" St'})
    await fleet.send("POST", "/admin/devices", {"unique_id": "spare"})
    sizes = set()
    for filters in LISTS[name][1]:
        # First the file: that it is taken has an entry, which is in the list of entries then.
        with fleet.statements() as statements:
            rows = read(await fleet.get(file(name), Role.ADMIN, **filters))
        assert len(statements) == 4, "who asks, the entry and whether it was news, and one cursor"
        items = await listed(fleet, name, **filters)
        assert len(rows) == len(items), filters
        for row, item in zip(rows, items, strict=True):
            assert {heading.partition(".")[0] for heading in row} == item.keys()
            assert [heading for heading in row if not same(row[heading], at(item, heading))] == []
        sizes.add(len(rows))
    assert max(sizes) > 1


def test_filters_are_those_of_the_list(api: Api) -> None:
    paths = api.app.openapi()["paths"]
    for name in LISTS:
        of_list = paths[f"/api/v1/admin/{name}"]["get"].get("parameters", [])
        kept = [each for each in of_list if each["name"] not in ("limit", "skip", "after")]
        *of_file, last = paths[f"/api/v1{file(name)}"]["get"]["parameters"]
        assert (of_file, last["name"]) == (kept, "bom")
    of_drivers, of_risk = (paths[f"/api/v1{file(name)}"]["get"]["parameters"] for name in ("drivers", "risk"))
    assert of_risk == of_drivers
    assert len([path for path in paths if "/exports/" in path]) == len({*LISTS, "risk"})


@pytest.mark.parametrize(("name", "filters"), WRONG)
async def test_a_wrong_filter_is_refused_as_the_list_refuses_it(api: Api, name: str, filters: dict[str, str]) -> None:
    by_list, by_file = (
        await api.get(f"/admin/{name}", Role.ADMIN, **filters),
        await api.get(file(name), Role.ADMIN, **filters),
    )
    assert (by_list.status_code, by_file.status_code) == (422, 422)
    assert by_file.headers["Content-Type"] == "application/problem+json"
    expected, found = by_list.json(), by_file.json()
    assert found.pop("instance") == f"/api/v1{file(name)}"
    assert {**expected, **found} == expected


async def test_what_the_answer_says_of_the_file(fleet: Api) -> None:
    response = await fleet.get(file("drivers"))
    today = datetime.now(UTC).date().isoformat()
    assert response.headers["Content-Disposition"] == f'attachment; filename="drivers-{today}.csv"'
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers
    assert "Content-Length" not in response.headers
    assert response.content.startswith(b"driver_id,first_name,last_name,")
    assert response.content.endswith(b"\r\n")
    marked = await fleet.get(file("drivers"), bom="true")
    assert marked.content == b"\xef\xbb\xbf" + response.content


async def test_nothing_that_matches_is_the_headings_alone(fleet: Api) -> None:
    assert (await fleet.get(file("trips"), driver_id="DRV-9999")).text.count("\r\n") == 1


async def test_more_rows_than_a_batch(api: Api) -> None:
    async with api.database.write() as session:
        await session.execute(
            "INSERT INTO vehicles (vehicle_id, name) SELECT 'V-' || lpad(n::text, 6, '0'), 'Van ' || n "
            "FROM generate_series(1, :count) AS n",
            {"count": 3 * BATCH},
        )
    with api.statements() as statements:
        rows = read(await api.get(file("vehicles")))
    assert [row["name"] for row in rows] == [f"Van {number}" for number in range(1, 3 * BATCH + 1)]
    assert len(statements) == 4


async def test_a_file_is_never_kept_nor_given_for_the_list(fleet: Api) -> None:
    as_csv = {"Authorization": f"Bearer {fleet.tokens[Role.ADMIN]}", "Accept": "text/csv"}
    for name in ("drivers", "vehicles", "users", "trips", "events"):
        for _ in range(2):
            in_list = await fleet.client.get(f"/api/v1/admin/{name}", headers=as_csv)
            in_file = await fleet.client.get(f"/api/v1{file(name)}", headers={**as_csv, "Accept": "application/json"})
            assert in_list.headers["Content-Type"] == "application/json"
            assert in_file.headers["Content-Type"].startswith("text/csv")
            assert "Cache-Status" not in in_file.headers
        assert (await fleet.hit(f"/admin/{name}")).headers["Content-Type"] == "application/json", "in spite of Accept"
    await fleet.send("PATCH", "/admin/drivers/DRV-0001", {"city": "Oslo"})
    assert read(await fleet.get(file("drivers")))[0]["city"] == "Oslo"


async def test_who_may_not_is_told_so_before_anything_is_read(api: Api) -> None:
    with api.statements() as statements:
        refused = await api.get(file("audit"), Role.VIEWER)
    assert (refused.status_code, len(statements)) == (403, 1)


async def test_head_is_the_same_without_the_file(fleet: Api) -> None:
    token = {"Authorization": f"Bearer {fleet.tokens[Role.ADMIN]}"}
    whole = await fleet.get(file("drivers"))
    head = await fleet.client.head(f"/api/v1{file('drivers')}", headers=token)
    assert (head.status_code, head.content) == (200, b"")
    passing = ("x-request-id",)
    assert {key: value for key, value in head.headers.items() if key not in passing} == {
        key: value for key, value in whole.headers.items() if key not in passing
    }
