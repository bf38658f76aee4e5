"""Assignments: the list, one alone, ending, correcting and deleting one. A device's own are with the device."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response

from roadlens.api.dependencies import Reading, State
from roadlens.api.editing import EDITED, REMOVED, Editing, Matching, tag
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.parameters import After, AssignmentId, Limit, OfDevice, OfDriver, OfVehicle
from roadlens.api.schemas.assignments import Assignment, AssignmentPage, AssignmentPatch
from roadlens.api.security import may_view
from roadlens.errors import NotFound
from roadlens.storage.reads import assignments
from roadlens.storage.reads.assignments import AssignmentFilter
from roadlens.telemetry import assignments as edit_assignments

router = APIRouter(prefix="/admin/assignments", tags=["devices"], dependencies=[may_view], responses=problems(*GUARDED))
edits = APIRouter(prefix="/admin/assignments", tags=["devices"])


@router.get("")
async def list_assignments(
    session: Reading,
    state: State,
    *,
    driver_id: OfDriver = None,
    vehicle_id: OfVehicle = None,
    unique_id: OfDevice = None,
    limit: Limit = 100,
    after: After = None,
) -> AssignmentPage:
    """Assignments of devices to drivers and vehicles, the one made last first."""
    scope = ("assignments", driver_id, vehicle_id, unique_id)
    position = None if after is None else int(state.cursors.open(scope, after)[0])
    wanted = AssignmentFilter(driver_id=driver_id, vehicle_id=vehicle_id, unique_id=unique_id)
    found = await assignments.page(session, wanted=wanted, before=position, limit=limit + 1)
    page, following = state.cursors.cut(scope, found, limit, lambda each: [str(each.assignment_id)])
    return AssignmentPage(items=[Assignment.model_validate(each) for each in page], next=following)


@router.get("/{assignment_id}", responses=problems(HTTPStatus.NOT_FOUND))
async def get_assignment(assignment_id: AssignmentId, session: Reading, response: Response) -> Assignment:
    """One assignment."""
    found = await assignments.one(session, assignment_id)
    if found is None:
        raise NotFound(f"There is no assignment {assignment_id}. /api/v1/admin/assignments lists them.")
    answer = Assignment.model_validate(found)
    tag(response, found.version, answer)
    return answer


@edits.patch("/{assignment_id}", responses=EDITED)
async def patch_assignment(
    assignment_id: AssignmentId, body: AssignmentPatch, edit: Editing, expected: Matching, response: Response
) -> Assignment:
    """End or correct an assignment (JSON merge patch). The device's trips follow, in the same transaction."""
    changed = await edit_assignments.correct(edit.session, edit.actor, assignment_id, body.given(), expected)
    tag(response, changed["version"])
    return Assignment.model_validate(changed)


@edits.delete("/{assignment_id}", status_code=HTTPStatus.NO_CONTENT, responses=REMOVED)
async def delete_assignment(assignment_id: AssignmentId, edit: Editing, expected: Matching) -> None:
    """Delete an assignment as if it had never been: its trips go, the positions stay with the device."""
    await edit_assignments.remove(edit.session, edit.actor, assignment_id, expected)
