"""Devices: announced, or made when they first report; locked while they deliver; registered with driver and vehicle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from roadlens.storage.database import WriteSession
from roadlens.storage.writes import barrier, edits
from roadlens.storage.writes.audit import Who, named
from roadlens.storage.writes.barrier import Standing
from roadlens.storage.writes.edits import Expected, Kind, Row

# A device that is known keeps the name it has: what a device says of itself must not undo an administrator's edit.
_KNOWN = f"""
SELECT unique_id, device_id, standing.version, pending
FROM (SELECT {barrier.PASSED}) AS standing LEFT JOIN devices ON unique_id = ANY(:unique_ids)
"""
_NEW = """
WITH made AS (
    INSERT INTO devices (unique_id, name, model, category, phone, contact)
    SELECT * FROM unnest(cast(:unique_id AS text[]), cast(:name AS text[]), cast(:model AS text[]),
                         cast(:category AS text[]), cast(:phone AS text[]), cast(:contact AS text[]))
    ON CONFLICT DO NOTHING RETURNING unique_id
)
INSERT INTO audit_log (actor, action, entity, entity_id) SELECT 'ingest', 'appear', 'device', unique_id FROM made
"""
_PROGRESS = """
INSERT INTO device_progress (device_id) SELECT device_id FROM devices WHERE unique_id = ANY(:unique_ids)
ON CONFLICT DO NOTHING
"""

# Nobody holds a device who has not passed the barrier, for the statement names its table.
# `xmin` is the transaction that wrote the row as it is, in the lower 32 bits of its number.
_LOCK = """
SELECT device_id, positions, settled_at, xmin::text::bigint AS written_by,
    (pg_current_xact_id()::text::numeric % 4294967296)::bigint AS writing, forgotten AS forgotten_ranges
FROM device_progress
WHERE device_id = ANY(:devices) AND NOT EXISTS (SELECT FROM rescored_devices WHERE score_version = 0)
ORDER BY device_id FOR UPDATE OF device_progress
"""

_UNASSIGNED = """
SELECT device_id, unique_id, name, model, category, phone, contact, by_hand FROM devices
WHERE device_id = ANY(:devices) AND NOT EXISTS (
    SELECT FROM device_assignments WHERE device_assignments.device_id = devices.device_id)
ORDER BY unique_id
"""

# One statement makes vehicle, driver and assignment for all of them, so that a batch of new devices is one round trip.
_REGISTER = """
WITH device AS MATERIALIZED (
    SELECT *, roadlens_new_vehicle_id() AS vehicle_id, roadlens_new_driver_id() AS driver_id
    FROM unnest(cast(:device_id AS int[]), cast(:unique_id AS text[]), cast(:name AS text[]),
                cast(:model AS text[]), cast(:category AS text[]), cast(:phone AS text[]),
                cast(:first_name AS text[]), cast(:last_name AS text[]))
        AS said(device_id, unique_id, name, model, category, phone, first_name, last_name)
), vehicle AS (
    INSERT INTO vehicles (vehicle_id, name, model, category)
    SELECT vehicle_id, coalesce(name, unique_id), model, category FROM device RETURNING vehicle_id
), driver AS (
    INSERT INTO drivers (driver_id, first_name, last_name, phone)
    SELECT driver_id, first_name, last_name, phone FROM device RETURNING driver_id
), assignment AS (
    INSERT INTO device_assignments (device_id, vehicle_id, driver_id)
    SELECT device_id, vehicle_id, driver_id FROM device
), entry AS (
    INSERT INTO audit_log (actor, address, action, entity, entity_id, after)
    SELECT :actor, :address, 'register', 'device', unique_id,
        jsonb_build_object('vehicle_id', vehicle_id, 'driver_id', driver_id) FROM device
)
SELECT device_id, unique_id, driver_id, vehicle_id, category FROM device
"""

_SETTLE = """
UPDATE device_progress AS stored SET settled_at = found.settled_at
FROM unnest(cast(:devices AS int[]), cast(:moments AS timestamptz[])) AS found(device_id, settled_at)
WHERE stored.device_id = found.device_id AND stored.settled_at IS DISTINCT FROM found.settled_at
"""


KIND: Final = Kind(
    name="device",
    table="devices",
    key="unique_id",
    columns=("unique_id", "name", "model", "category", "phone", "contact", "created_at"),
    listed_at="/api/v1/admin/devices",
    conflicts={"devices_unique_id_key": ("unique_id", "There is already a device {unique_id}.")},
)


class DeviceClaim(NamedTuple):
    """What a device, or the server that forwards for it, says of it."""

    unique_id: str
    name: str | None = None
    model: str | None = None
    category: str | None = None
    phone: str | None = None
    contact: str | None = None


class UnassignedDevice(NamedTuple):
    device_id: int
    unique_id: str
    name: str | None
    model: str | None
    category: str | None
    phone: str | None
    contact: str | None
    by_hand: bool = False


class Stamp(NamedTuple):
    """Tells one state of a device's stored positions from any other: how many, and which transaction wrote that."""

    positions: int
    written_by: int


class Progress(NamedTuple):
    """A device's row of `device_progress` as it was when the transaction `writing` locked it."""

    device_id: int
    positions: int
    settled_at: datetime | None
    written_by: int
    writing: int
    forgotten_ranges: Iterable[Any] | None = None

    @property
    def forgotten(self) -> list[tuple[datetime | None, datetime | None]]:
        """The times, each from a moment until before another (None: no bound), of which nothing is kept."""
        return [(span.lower, span.upper) for span in self.forgotten_ranges or ()]

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.positions, self.written_by)

    def stamp_after(self, added: int) -> Stamp:
        """The stamp when that transaction has stored so many positions, one at least, and is committed."""
        return Stamp(self.positions + added, self.writing)


class Registered(NamedTuple):
    device_id: int
    unique_id: str
    driver_id: str
    vehicle_id: str
    category: str | None


async def identify(session: WriteSession, claims: Sequence[DeviceClaim]) -> tuple[dict[str, int], Standing]:
    """The ids of the devices by their `unique_id`; one that is new is made, unassigned. Passes the barrier."""
    unique_ids = sorted({claim.unique_id for claim in claims})
    known, standing = await _known(session, unique_ids)
    new = sorted({claim.unique_id: claim for claim in claims if claim.unique_id not in known}.values())
    if new:
        columns = zip(*new, strict=True)
        await session.execute(_NEW, dict(zip(DeviceClaim._fields, map(list, columns), strict=True)))
        await session.execute(_PROGRESS, {"unique_ids": [claim.unique_id for claim in new]})
        known, _ = await _known(session, unique_ids)
    return known, standing


async def _known(session: WriteSession, unique_ids: Sequence[str]) -> tuple[dict[str, int], Standing]:
    found = await session.tuples(_KNOWN, {"unique_ids": unique_ids})
    known = {unique_id: device_id for unique_id, device_id, _, _ in found if unique_id is not None}
    return known, Standing(*found[0][2:])


async def lock(session: WriteSession, devices: Sequence[int]) -> dict[int, Progress]:
    """Hold the devices until the transaction ends: deliveries of one device come one after the other.

    The rows are taken in the order of their ids, so that two deliveries with common devices cannot wait for each other.
    """
    return {found.device_id: found for found in await session.rows(_LOCK, Progress, {"devices": list(devices)})}


async def unassigned(session: WriteSession, devices: Sequence[int]) -> list[UnassignedDevice]:
    """Those of the devices that have never been assigned to anybody."""
    return await session.rows(_UNASSIGNED, UnassignedDevice, {"devices": list(devices)})


async def register(session: WriteSession, devices: Sequence[UnassignedDevice], actor: Who) -> list[Registered]:
    """Make a vehicle and a driver from what each device says of itself, and assign it to them for all time."""
    names = [_person(device) for device in devices]
    return await session.rows(
        _REGISTER,
        Registered,
        {
            "actor": named(actor).name,
            "address": named(actor).address,
            "device_id": [device.device_id for device in devices],
            "unique_id": [device.unique_id for device in devices],
            "name": [device.name for device in devices],
            "model": [device.model for device in devices],
            "category": [device.category for device in devices],
            "phone": [device.phone for device in devices],
            "first_name": [first for first, _ in names],
            "last_name": [last for _, last in names],
        },
    )


async def settle(session: WriteSession, settled: Mapping[int, datetime | None]) -> None:
    """Remember up to where each device's positions can be forgotten when the next one is cut; None: nowhere."""
    if settled:
        await session.execute(_SETTLE, {"devices": list(settled), "moments": list(settled.values())})


async def announce(session: WriteSession, who: Who, values: Mapping[str, Any]) -> Row:
    """Make a device that has not reported yet.

    Raises:
        Conflict: there is a device of that id.
    """
    made = await edits.insert(session, who, KIND, {**values, "by_hand": True})
    await session.execute(_PROGRESS, {"unique_ids": [made["unique_id"]]})
    return made


async def change(session: WriteSession, who: Who, unique_id: str, values: Mapping[str, Any], expected: Expected) -> Row:
    """Change what is known of a device; what is not named stays.

    Raises:
        NotFound: there is no such device.
        PreconditionFailed: it has another version than those expected.
    """
    before = await edits.hold(session, KIND, unique_id, expected)
    return await edits.update(session, who, KIND, before, values)


def _person(device: UnassignedDevice) -> tuple[str, str]:
    """First and last name: the contact that the device names, or else words that say whose they are."""
    words = (device.contact or "").split()
    if len(words) > 1:
        return " ".join(words[:-1]), words[-1]
    return "Driver of", words[0] if words else device.name or device.unique_id
