"""Assignments over time: rows and their locks. What follows for trips is the business of `telemetry.assignments`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from roadlens.errors import InvalidInput, NotFound
from roadlens.storage.database import WriteSession
from roadlens.storage.writes import barrier, devices, edits
from roadlens.storage.writes.audit import Who
from roadlens.storage.writes.edits import Expected, Kind, Row

_OVERLAP = (
    "The device is already assigned during a part of that time. End or correct that assignment first: "
    "/api/v1/admin/devices/{unique_id}/assignments lists them."
)
_GONE = "It has just been deleted by somebody else."

KIND: Final = Kind(
    name="assignment",
    table="device_assignments",
    key="assignment_id",
    columns=("assignment_id", "driver_id", "vehicle_id", "valid_from", "valid_to", "created_at"),
    listed_at="/api/v1/admin/assignments",
    conflicts={
        "device_assignments_one_at_a_time": ("valid_from", _OVERLAP),
        "device_assignments_driver_id_fkey": ("driver_id", _GONE),
        "device_assignments_vehicle_id_fkey": ("vehicle_id", _GONE),
    },
    looked_up="(SELECT unique_id FROM devices WHERE devices.device_id = device_assignments.device_id) AS unique_id",
)

# The bounds of what a moment may be: wide enough for every fix, and far from where calendars end.
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)

_MISSING = """
SELECT kind FROM (VALUES
    ('driver', EXISTS (SELECT FROM drivers WHERE driver_id = :driver_id)),
    ('vehicle', EXISTS (SELECT FROM vehicles WHERE vehicle_id = :vehicle_id))
) AS asked(kind, there) WHERE NOT there
"""

_DEVICE_OF = (
    "SELECT device_id, unique_id FROM device_assignments JOIN devices USING (device_id) WHERE assignment_id = :id"
)

_SERIALISE = f"SELECT pg_advisory_xact_lock(hashtext('roadlens assignments')), {barrier.PASSED}"

_DEVICES_OF_DRIVER = """
SELECT device_id FROM device_assignments WHERE driver_id = :driver_id
UNION SELECT device_id FROM trips WHERE driver_id = :driver_id
ORDER BY device_id
"""

_REMEMBER_AGAIN = """
UPDATE device_progress SET forgotten = nullif(
    forgotten - tstzmultirange(tstzrange(:begin, :end)) * tstzmultirange(tstzrange(forgotten_at, NULL)), '{}')
WHERE device_id = :device AND forgotten IS NOT NULL
"""


class Device(NamedTuple):
    device_id: int
    unique_id: str


async def serialise(session: WriteSession) -> None:
    """Come one after the other with everybody who changes assignments or removes whom they name.

    Whoever holds this may read which devices a driver has and then lock them: no assignment comes in between, but of
    drivers that are made in the same transaction. It passes the barrier, for trips follow.
    """
    await session.execute(_SERIALISE)


async def hold_device(session: WriteSession, unique_id: str) -> Device:
    """The device, whose deliveries wait until the transaction ends; from now on it is in an administrator's hands.

    Raises:
        NotFound: there is no such device.
    """
    found = await session.row(
        "SELECT device_id, unique_id FROM devices WHERE unique_id = :id", Device, {"id": unique_id}
    )
    if found is None:
        raise NotFound(f"No device {unique_id!r} has reported or been announced. /api/v1/admin/devices lists them.")
    await _take(session, [found.device_id])
    return found


async def hold(session: WriteSession, assignment_id: int, expected: Expected) -> tuple[Device, Row]:
    """The assignment and its device, whose deliveries wait until the transaction ends.

    Raises:
        NotFound: there is no such assignment.
        PreconditionFailed: it has another version than those expected.
    """
    device = await session.row(_DEVICE_OF, Device, {"id": assignment_id})
    if device is None:
        raise NotFound(f"There is no assignment {assignment_id}. {KIND.listed_at} lists them.")
    await _take(session, [device.device_id])
    return device, await edits.hold(session, KIND, assignment_id, expected)


async def hold_driver(session: WriteSession, driver_id: str) -> None:
    """Let the deliveries of all devices that are or were the driver's wait until the transaction ends."""
    await _take(session, [device for (device,) in await session.tuples(_DEVICES_OF_DRIVER, {"driver_id": driver_id})])


async def insert(session: WriteSession, who: Who, device: Device, values: Mapping[str, Any]) -> Row:
    """Assign a device that is held.

    Raises:
        InvalidInput: there is no such driver or vehicle, or the time ends before it begins.
        Conflict: the device is assigned to somebody during that time.
    """
    await _check(session, values)
    return await edits.insert(session, who, KIND, {**values, "device_id": device.device_id}, about=device._asdict())


async def update(session: WriteSession, who: Who, before: Row, values: Mapping[str, Any]) -> Row:
    """Correct an assignment that is held; what is not named stays.

    Raises:
        InvalidInput: there is no such driver or vehicle, or the time ends before it begins.
        Conflict: the device is assigned to somebody else during that time.
    """
    await _check(session, {**before, **values})
    return await edits.update(session, who, KIND, before, values)


async def remember_again(session: WriteSession, device: Device, values: Mapping[str, Any]) -> None:
    """Keep again what a device sends that somebody has now, from the moment on at which who had it before was erased.

    What comes of the time before that moment stays forgotten, whoever is said to have had the device.
    """
    await session.execute(
        _REMEMBER_AGAIN,
        {"device": device.device_id, "begin": values["valid_from"], "end": values["valid_to"]},
    )


async def remove(session: WriteSession, who: Who, before: Row) -> None:
    """Delete an assignment that is held, as if it had never been."""
    await edits.delete(session, who, KIND, before)


async def remove_of_driver(session: WriteSession, driver_id: str) -> list[Row]:
    """Delete the assignments of a driver whose devices are held, and give what they were. The caller tells the log."""
    return await session.rows(
        f"DELETE FROM device_assignments WHERE driver_id = :driver_id RETURNING {KIND.returned}",
        Row,
        {"driver_id": driver_id},
    )


async def hold_devices(session: WriteSession, device_ids: Sequence[int]) -> None:
    """Let the deliveries of these devices wait; from now on they are in an administrator's hands."""
    await _take(session, sorted(device_ids))


async def _take(session: WriteSession, device_ids: list[int]) -> None:
    await devices.lock(session, device_ids)
    await session.execute(
        "UPDATE devices SET by_hand = true WHERE device_id = ANY(:devices) AND NOT by_hand", {"devices": device_ids}
    )


async def _check(session: WriteSession, values: Mapping[str, Any]) -> None:
    begin, end = values["valid_from"], values["valid_to"]
    for name, moment in (("valid_from", begin), ("valid_to", end)):
        if moment is not None and not EARLIEST <= moment <= LATEST:
            raise InvalidInput("A time must be between 1970 and 2200. Leave it null for no bound.", field=name)
    if begin is not None and end is not None and begin >= end:
        raise InvalidInput("The assignment must begin before it ends.", field="valid_to")
    whom = {name: values[name] for name in ("driver_id", "vehicle_id")}
    for (kind,) in await session.tuples(_MISSING, whom):
        raise InvalidInput(
            f"There is no {kind} {values[f'{kind}_id']!r}. /api/v1/admin/{kind}s lists them.", field=f"{kind}_id"
        )
