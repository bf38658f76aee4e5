"""What the law gives people: all that is held about a driver, and that a driver or a user is erased."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Response

from roadlens.api import personal_file
from roadlens.api.dependencies import State
from roadlens.api.editing import Editing
from roadlens.api.export import JsonExport
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.origin import From
from roadlens.api.parameters import DriverId, UserId
from roadlens.api.schemas.personal import Confirmation, DriverFile, ErasedDriver, ErasedUser
from roadlens.api.security import administrator_beforehand, may_administer_beforehand
from roadlens.errors import InvalidInput
from roadlens.storage.reads import users as read_users
from roadlens.storage.reads.users import TokenHolder
from roadlens.storage.writes import users
from roadlens.telemetry.erasure import erase_driver as erase

_TAGS: Final[dict[str, Any]] = {"prefix": "/admin", "tags": ["personal data"]}
router = APIRouter(
    **_TAGS, dependencies=[may_administer_beforehand], responses=problems(*GUARDED, HTTPStatus.NOT_FOUND)
)
edits = APIRouter(**_TAGS, responses=problems(*GUARDED))


@router.get(
    "/drivers/{driver_id}/export",
    response_class=Response,
    responses={HTTPStatus.OK.value: {"model": DriverFile}},
)
async def export_driver(
    driver_id: DriverId,
    state: State,
    holder: Annotated[TokenHolder, Depends(administrator_beforehand)],
    origin: From,
) -> JsonExport:
    """All that is held about a driver, as one document of JSON: fields, assignments, trips, events, scores, positions.

    The log notes who took it.
    """
    return JsonExport(
        "driver", state.exports, partial(personal_file.parts, state.database, origin.of(holder), driver_id)
    )


@edits.post("/drivers/{driver_id}/erase")
async def erase_driver(driver_id: DriverId, body: Confirmation, edit: Editing) -> ErasedDriver:
    """Erase a driver for good: person, assignments, trips, events, scores, positions, and the values in the log.

    `confirm` is the driver's id again. What devices send later of the time in which the driver had them is not kept.
    Also for somebody who was deleted before. Again, nothing is left to erase, and `erased_as` is null.
    """
    _check(body, driver_id, "the id of the driver")
    return ErasedDriver.model_validate(await erase(edit.session, edit.actor, driver_id))


@edits.post("/users/{user_id}/erase", responses=problems(HTTPStatus.CONFLICT))
async def erase_user(user_id: UserId, body: Confirmation, edit: Editing) -> ErasedUser:
    """Erase a user for good: the row, where the user has signed in, and the name in the log.

    `confirm` is the user's name. Nobody erases themselves or the last active admin. Again, nothing is left to erase,
    and `erased_as` is null.
    """
    known = await read_users.one(edit.session, user_id)
    if known is not None:
        _check(body, known.username, "the name of the user")
    name, entries = await users.erase(edit.session, edit.actor, user_id)
    return ErasedUser(erased_as=name, audit_entries=entries)


def _check(body: Confirmation, expected: str, what: str) -> None:
    if body.confirm != expected:
        raise InvalidInput(f"It cannot be undone, so it must be {what}: nothing was erased.", field="confirm")
