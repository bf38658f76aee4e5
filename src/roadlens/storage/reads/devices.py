"""Devices with whom they belong to now and how much they have reported."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from roadlens.storage.database import ReadSession

_LIST = """
SELECT unique_id, name, driver_id, vehicle_id, coalesce(positions, 0) AS positions, last_fix_at
FROM devices
LEFT JOIN device_progress USING (device_id)
LEFT JOIN device_assignments AS held
    ON held.device_id = devices.device_id AND tstzrange(held.valid_from, held.valid_to) @> now()
WHERE NOT :unassigned OR NOT EXISTS (
    SELECT FROM device_assignments AS ever WHERE ever.device_id = devices.device_id)
ORDER BY unique_id
"""


class DeviceLine(NamedTuple):
    unique_id: str
    name: str | None
    driver_id: str | None
    vehicle_id: str | None
    positions: int
    last_fix_at: datetime | None


async def list_devices(session: ReadSession, *, unassigned: bool) -> list[DeviceLine]:
    """All devices by their unique id, or only those that were never assigned to anybody."""
    return await session.rows(_LIST, DeviceLine, {"unassigned": unassigned})
