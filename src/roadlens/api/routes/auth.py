"""Signing in: a name and a password for a token, as JSON or as the OAuth2 form that the documentation's page sends."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import ValidationError

from roadlens.api.dependencies import ServerState, State
from roadlens.api.openapi import ALWAYS, problems
from roadlens.api.schemas.auth import Login, Token
from roadlens.errors import InvalidInput, NotAuthenticated
from roadlens.storage.reads import users

router = APIRouter(prefix="/auth", tags=["auth"], responses=problems(HTTPStatus.UNAUTHORIZED, *ALWAYS))


@router.post("/login")
async def login(credentials: Login, state: State, response: Response) -> Token:
    """Give a token for a name and a password."""
    return await _sign_in(state, credentials, response)


@router.post("/token")
async def token(form: Annotated[OAuth2PasswordRequestForm, Depends()], state: State, response: Response) -> Token:
    """The same for OAuth2's password form."""
    try:
        credentials = Login(username=form.username, password=form.password)
    except ValidationError as error:
        raise InvalidInput("Send a name and a password.", field=str(error.errors()[0]["loc"][0])) from error
    return await _sign_in(state, credentials, response)


async def _sign_in(state: ServerState, credentials: Login, response: Response) -> Token:
    """The transaction ends before the slow check begins, so that it holds no connection."""
    async with state.database.read() as session:
        known = await users.credentials(session, credentials.username)
    right = await state.passwords.matches(credentials.password, known.password_hash if known else None)
    if known is None or not right or not known.active:
        raise NotAuthenticated("The name or the password is wrong, or the user is disabled.")
    response.headers["Cache-Control"] = "no-store"
    return Token(
        access_token=state.tokens.issue(known.user_id, known.token_epoch),
        expires_in=int(state.tokens.lifetime.total_seconds()),
    )
