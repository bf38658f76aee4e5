"""A fleet that nobody has made: for tests of what is asked and judged, not of what is answered."""

from __future__ import annotations

from datetime import UTC, datetime

from lab.fleet import Chain, Fleet

DRIVER = "driver LAB-01"
CONTESTED = "driver LAB-20"

FLEET = Fleet(
    drivers=[Chain(DRIVER, "/api/v1/admin/drivers/LAB-01")],
    contested=[Chain(CONTESTED, "/api/v1/admin/drivers/LAB-20")],
    vehicles=[Chain("vehicle VEH-01", "/api/v1/admin/vehicles/VEH-01")],
    users=[Chain("user 2", "/api/v1/admin/users/2")],
    promoted=Chain("user 3", "/api/v1/admin/users/3"),
    reset=Chain("user 4", "/api/v1/admin/users/4"),
    devices=Chain("devices", "/api/v1/admin/devices"),
    more_vehicles="/api/v1/admin/vehicles?limit=4&after=a",
    assignment=Chain("assignment", "/api/v1/admin/assignments/1"),
    event=Chain("event", "/api/v1/admin/events/01990000-0000-7000-8000-000000000001", 0),
    events=0,
    braked="01990000-0000-7000-8000-000000000002",
    come_and_go="LAB-01",
    trip_id="01990000-0000-7000-8000-000000000003",
    trip_day="2026-01-01",
    commuter="LAB-02",
    live=["live-0"],
    scored=0,
    others=0,
    started=datetime.now(UTC).replace(microsecond=0),
    ingest_token="",
    admin_token="",
)
