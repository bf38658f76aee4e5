"""A user's own password: the old one for a new one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from roadlens.api import new_passwords
from roadlens.api.dependencies import ClientHost, State
from roadlens.api.openapi import ALWAYS, problems
from roadlens.api.origin import From
from roadlens.api.schemas.auth import Token
from roadlens.api.schemas.user_edits import OwnPassword
from roadlens.api.security import token_claims, viewer_beforehand
from roadlens.api.sign_in import given, sign_in
from roadlens.api.tokens import Claims
from roadlens.errors import InvalidInput, NotAuthenticated
from roadlens.storage.reads.users import TokenHolder
from roadlens.storage.writes import users

router = APIRouter(
    prefix="/auth",
    tags=["auth"],
    responses=problems(HTTPStatus.UNAUTHORIZED, *ALWAYS),
)


@router.post("/password")
async def change_own_password(
    body: OwnPassword,
    claims: Annotated[Claims, Depends(token_claims)],
    holder: Annotated[TokenHolder, Depends(viewer_beforehand)],
    state: State,
    host: ClientHost,
    origin: From,
    response: Response,
) -> Token:
    """Replace one's own password. All tokens given out under the old one end; the answer begins a new session.

    Wrong passwords count like those of a sign-in. No connection is held while passwords are checked and hashed.
    """
    try:
        await sign_in(state, holder.username, body.current, host, origin)
    except NotAuthenticated as error:
        raise InvalidInput("The current password is another one.", field="current") from error
    new = new_passwords.check(body.new, "new", holder.username, holder.email)
    password_hash = await state.passwords.hash(new)
    who = origin.of(holder)
    async with state.database.write() as session:
        epoch = await users.change_own_password(session, who, claims.token_epoch, password_hash)
    if epoch is None:
        raise NotAuthenticated("The token is no longer valid. Sign in again at /api/v1/auth/login.")
    return given(state.tokens.give(holder.user_id, epoch), response)
