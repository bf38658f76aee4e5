"""The list of vehicles says who drives each now."""

from __future__ import annotations

from tests.support.api import Api


async def test_vehicles_by_pages(fleet: Api) -> None:
    async with fleet.database.write() as session:
        await session.execute("UPDATE device_assignments SET valid_to = now() WHERE vehicle_id = 'VEH-0004'")
    with fleet.statements() as seen:
        first = await fleet.answer("/admin/vehicles", limit=3)
    second = await fleet.answer("/admin/vehicles", limit=3, after=first["next"])
    assert len(seen) == 2
    assert [vehicle["vehicle_id"] for vehicle in first["items"]] == ["VEH-0001", "VEH-0002", "VEH-0003"]
    assert first["items"][0]["driver"] == {"driver_id": "DRV-0001", "first_name": "Ada", "last_name": "Okafor"}
    assert [vehicle["driver"] for vehicle in second["items"]] == [None]
    assert second["next"] is None
