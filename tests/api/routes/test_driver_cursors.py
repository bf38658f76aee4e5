"""A cursor goes on where its page ended, whatever came, went or changed hands meanwhile; a changed one is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api

SORTS = ("driver_id", "name", "risk", "last_trip", "created")


async def leaf(api: Api, after: str | None, **asked: Any) -> list[str]:
    """The ids of all pages that follow."""
    ids: list[str] = []
    while after is not None:
        page = await api.answer("/admin/drivers", **asked, after=after)
        ids += [driver["driver_id"] for driver in page["drivers"]]
        after = page["next"]
    return ids


async def remove(api: Api, driver_id: str) -> None:
    assert (await api.send("DELETE", f"/admin/drivers/{driver_id}")).status_code == 204


@pytest.mark.parametrize("sort", SORTS)
async def test_the_row_that_a_cursor_stands_on_may_go(fleet: Api, sort: str) -> None:
    whole = await fleet.answer("/admin/drivers", sort=sort)
    first, second, *others = [driver["driver_id"] for driver in whole["drivers"]]
    page = await fleet.answer("/admin/drivers", sort=sort, limit=1)
    assert page["drivers"][0]["driver_id"] == first
    await remove(fleet, first)
    assert await leaf(fleet, page["next"], sort=sort, limit=1) == [second, *others]


async def test_nobody_is_shown_twice_or_left_out_while_others_come(fleet: Api) -> None:
    """1 is on the first page; 0 and 1b come before the cursor's place, 2b behind it."""
    page = await fleet.answer("/admin/drivers", limit=1)
    async with fleet.database.write() as session:
        for driver_id in ("DRV-0000", "DRV-0001-B", "DRV-0002-B"):
            await session.execute(
                "INSERT INTO drivers (driver_id, first_name, last_name) VALUES (:id, 'New', 'Here')", {"id": driver_id}
            )
    ids = await leaf(fleet, page["next"], limit=1)
    assert ids == ["DRV-0001-B", "DRV-0002", "DRV-0002-B", "DRV-0003", "DRV-0004"]
    assert len({*ids, "DRV-0001"}) == len(ids) + 1


async def test_a_removed_driver_is_on_no_page_and_in_no_total(fleet: Api) -> None:
    before = await fleet.answer("/admin/drivers", sort="risk", limit=1)
    await remove(fleet, "DRV-0002")
    for level, total in ((None, 3), ("medium", 0)):
        page = await fleet.answer("/admin/drivers", **({"risk_level": level} if level else {}))
        assert (page["total"], len(page["drivers"])) == (total, total)
    assert "DRV-0002" not in await leaf(fleet, before["next"], sort="risk", limit=1)
    assert (await fleet.answer("/admin/drivers", search="Lindqvist"))["total"] == 0


async def test_a_vehicle_that_changes_hands_is_with_its_new_driver_on_the_next_page(fleet: Api) -> None:
    async with fleet.database.write() as session:
        await session.execute(
            "INSERT INTO drivers (driver_id, first_name, last_name) VALUES ('DRV-0009', 'Zoe', 'Zorn')"
        )
    first = await fleet.answer("/admin/drivers", limit=4)
    assert first["drivers"][0]["vehicle"]["vehicle_id"] == "VEH-0001"
    (assignment,) = [
        each
        for each in (await fleet.answer("/admin/assignments", driver_id="DRV-0001"))["items"]
        if each["vehicle_id"] == "VEH-0001"
    ]
    path = f"/admin/assignments/{assignment['assignment_id']}"
    changed = await fleet.send("PATCH", path, {"driver_id": "DRV-0009"})
    assert changed.status_code == 200, changed.text
    second = await fleet.answer("/admin/drivers", limit=4, after=first["next"])
    assert [driver["vehicle"]["vehicle_id"] for driver in second["drivers"]] == ["VEH-0001"]
    assert (await fleet.answer("/admin/drivers", limit=1))["drivers"][0]["vehicle"] is None


async def test_a_changed_cursor_is_refused(fleet: Api) -> None:
    cursor = (await fleet.answer("/admin/drivers", limit=1))["next"]
    for place in range(len(cursor)):
        other = "A" if cursor[place] != "A" else "B"
        changed = cursor[:place] + other + cursor[place + 1 :]
        refused = await fleet.get("/admin/drivers", limit=1, after=changed)
        # The last letter may hold bits that say nothing.
        assert refused.status_code == 422 or place == len(cursor) - 1, place
    assert (await fleet.get("/admin/drivers", limit=1, after=cursor[:-4])).status_code == 422
