"""Devices: the list, one alone, announcing one, and whose one was when.

A device calls itself as it likes, with slashes too, so its id is a path of its own; what hangs on it comes first here.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from fastapi import APIRouter, Response

from roadlens.api.dependencies import Reading, State
from roadlens.api.editing import EDITED, MADE, Editing, Matching, tag
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.parameters import After, DeviceId, Limit, Unassigned
from roadlens.api.schemas.assignments import Assignment, DeviceAssignments, NewAssignment
from roadlens.api.schemas.devices import Device, DevicePage, DevicePatch, DeviceRecord, NewDevice
from roadlens.api.security import may_view
from roadlens.errors import NotFound
from roadlens.storage.reads import assignments, devices
from roadlens.storage.writes import devices as edit_devices
from roadlens.telemetry import assignments as edit_assignments

router = APIRouter(prefix="/admin/devices", tags=["devices"], dependencies=[may_view], responses=problems(*GUARDED))
edits = APIRouter(prefix="/admin/devices", tags=["devices"])
_ABSENT = problems(HTTPStatus.NOT_FOUND)


@router.get("")
async def list_devices(
    session: Reading,
    state: State,
    *,
    unassigned: Unassigned = None,
    limit: Limit = 100,
    after: After = None,
) -> DevicePage:
    """Devices by what they call themselves, with who has each now."""
    scope = ("devices", unassigned)
    position = "" if after is None else state.cursors.open(scope, after)[0]
    found = await devices.page(session, unassigned=unassigned, after=position, limit=limit + 1)
    page, following = state.cursors.cut(scope, found, limit, lambda device: [device.unique_id])
    return DevicePage(items=[Device.model_validate(device) for device in page], next=following)


@router.get("/{unique_id:path}/assignments", responses=_ABSENT)
async def list_device_assignments(unique_id: DeviceId, session: Reading) -> DeviceAssignments:
    """Whose the device was, in the order of time."""
    found = await assignments.of_device(session, unique_id)
    if found is None:
        raise _no_device(unique_id)
    return DeviceAssignments(items=[Assignment.model_validate(each) for each in found])


@router.get("/{unique_id:path}", responses=_ABSENT)
async def get_device(unique_id: DeviceId, session: Reading, response: Response) -> Device:
    """One device with who has it now."""
    found = await devices.one(session, unique_id)
    if found is None:
        raise _no_device(unique_id)
    answer = Device.model_validate(found)
    tag(response, found.version, answer)
    return answer


@edits.post("", status_code=HTTPStatus.CREATED, responses=MADE)
async def announce_device(body: NewDevice, edit: Editing, response: Response) -> DeviceRecord:
    """Announce a device before it reports, so that it can be assigned."""
    made = await edit_devices.announce(edit.session, edit.actor, body.model_dump())
    response.headers["Location"] = f"/api/v1/admin/devices/{quote(made['unique_id'])}"
    tag(response, made["version"])
    return DeviceRecord.model_validate(made)


@edits.post("/{unique_id:path}/assignments", status_code=HTTPStatus.CREATED, responses=MADE | _ABSENT)
async def assign_device(unique_id: DeviceId, body: NewAssignment, edit: Editing, response: Response) -> Assignment:
    """Give a device to a driver in a vehicle. What it has sent during that time becomes that driver's trips."""
    made, _ = await edit_assignments.assign(edit.session, edit.actor, unique_id, body.model_dump())
    response.headers["Location"] = f"/api/v1/admin/assignments/{made['assignment_id']}"
    tag(response, made["version"])
    return Assignment.model_validate(made)


@edits.patch("/{unique_id:path}", responses=EDITED)
async def patch_device(
    unique_id: DeviceId, body: DevicePatch, edit: Editing, expected: Matching, response: Response
) -> DeviceRecord:
    """Change what is known of a device (JSON merge patch). What it says of itself later does not undo that."""
    changed = await edit_devices.change(edit.session, edit.actor, unique_id, body.given(), expected)
    tag(response, changed["version"])
    return DeviceRecord.model_validate(changed)


def _no_device(unique_id: str) -> NotFound:
    return NotFound(f"There is no device {unique_id}. /api/v1/admin/devices lists them.")
