"""Users: the list, one alone, and edits."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response

from roadlens import freshness
from roadlens.api import new_passwords
from roadlens.api.dependencies import Reading, State
from roadlens.api.editing import EDITED, MADE, REMOVED, Editing, Matching, tag
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.parameters import After, Limit, UserId
from roadlens.api.schemas.user_edits import NewUser, PasswordReset, UserPatch
from roadlens.api.schemas.users import User, UserPage
from roadlens.api.security import may_view
from roadlens.errors import Conflict, NotFound
from roadlens.storage.reads import users
from roadlens.storage.writes import users as edit_users

router = APIRouter(prefix="/admin/users", tags=["users"], dependencies=[may_view], responses=problems(*GUARDED))
edits = APIRouter(prefix="/admin/users", tags=["users"])


@router.get("")
@freshness.users_list
async def list_users(session: Reading, state: State, *, limit: Limit = 100, after: After = None) -> UserPage:
    """Users, oldest first."""
    scope = ("users",)
    position = 0 if after is None else int(state.cursors.open(scope, after)[0])
    found = await users.page(session, after=position, limit=limit + 1)
    page, following = state.cursors.cut(scope, found, limit, lambda user: [str(user.user_id)])
    return UserPage(items=[User.model_validate(user) for user in page], next=following)


@router.get("/{user_id}", responses=problems(HTTPStatus.NOT_FOUND))
async def get_user(user_id: UserId, session: Reading, response: Response) -> User:
    """One user."""
    found = await users.one(session, user_id)
    if found is None:
        raise NotFound(f"There is no user {user_id}. /api/v1/admin/users lists them.")
    answer = User.model_validate(found)
    tag(response, found.version, answer)
    return answer


@edits.post("", status_code=HTTPStatus.CREATED, responses=MADE)
async def create_user(body: NewUser, edit: Editing, state: State, response: Response) -> User:
    """Make a user, who can sign in at once."""
    password_hash = await state.passwords.hash(
        new_passwords.check(body.password, "password", body.username, body.email)
    )
    made = await edit_users.add(
        edit.session, edit.actor, username=body.username, role=body.role, password_hash=password_hash, email=body.email
    )
    response.headers["Location"] = f"/api/v1/admin/users/{made['user_id']}"
    tag(response, made["version"])
    return User.model_validate(made)


@edits.patch("/{user_id}", responses=EDITED)
async def patch_user(user_id: UserId, body: UserPatch, edit: Editing, expected: Matching, response: Response) -> User:
    """Change a user's role or e-mail address, disable or enable the user (JSON merge patch).

    Disabling ends the user's tokens for good; a new role holds from the next request on. Nobody can take away their
    own admin rights, nor those of the last active admin.
    """
    changed = await edit_users.change(edit.session, edit.actor, user_id, body.given(), expected)
    tag(response, changed["version"])
    return User.model_validate(changed)


@edits.post("/{user_id}/password", status_code=HTTPStatus.NO_CONTENT, responses=REMOVED)
async def reset_password(user_id: UserId, body: PasswordReset, edit: Editing, state: State) -> None:
    """Give another user a new password, which ends the user's tokens. One's own needs the old one: `/auth/password`."""
    if user_id == edit.actor.user_id:
        raise Conflict("Your own password needs the current one: send both to /api/v1/auth/password.", field="user_id")
    found = await users.one(edit.session, user_id)
    names = () if found is None else (found.username, found.email)
    password_hash = await state.passwords.hash(new_passwords.check(body.password, "password", *names))
    await edit_users.set_password(edit.session, edit.actor, user_id, password_hash)
