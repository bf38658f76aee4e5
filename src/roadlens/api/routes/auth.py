"""Signing in and out: a name and a password for a token, a token for the next one; whose a token is."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import ValidationError

from roadlens.api.dependencies import ClientHost, Reading, ServerState, State
from roadlens.api.editing import Writing
from roadlens.api.openapi import ALWAYS, problems
from roadlens.api.origin import From, Origin
from roadlens.api.schemas.auth import Login, Me, Token
from roadlens.api.security import admit, note_asker, token_claims
from roadlens.api.sign_in import given, sign_in
from roadlens.api.tokens import Claims, Issued
from roadlens.domain import Audience, Role
from roadlens.errors import InvalidInput
from roadlens.storage.writes import sign_ins

router = APIRouter(prefix="/auth", tags=["auth"], responses=problems(HTTPStatus.UNAUTHORIZED, *ALWAYS))


@router.post("/login")
async def login(
    credentials: Login, request: Request, state: State, host: ClientHost, origin: From, response: Response
) -> Token:
    """Give a token for a name and a password. Too many wrong ones are answered 429 for a while."""
    return given(await _token(request, state, credentials, host, origin), response)


@router.post("/token")
async def token(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    request: Request,
    state: State,
    host: ClientHost,
    origin: From,
    response: Response,
) -> Token:
    """The same for OAuth2's password form."""
    try:
        credentials = Login(username=form.username, password=form.password)
    except ValidationError as error:
        raise InvalidInput("Send a name and a password.", field=str(error.errors()[0]["loc"][0])) from error
    return given(await _token(request, state, credentials, host, origin), response)


@router.get("/me")
async def me(claims: Annotated[Claims, Depends(token_claims)], session: Reading, response: Response) -> Me:
    """Whose token this is, and until when."""
    holder = await admit(session, claims, Audience.VIEWERS)
    # It depends on the token as on nothing else, so it is nobody else's, and not kept.
    response.headers["Cache-Control"] = "no-store"
    return Me(
        user_id=holder.user_id,
        username=holder.username,
        email=holder.email,
        role=Role(holder.role),
        expires_at=claims.expires_at,
        session_ends_at=claims.session_ends_at,
    )


@router.post("/refresh")
async def refresh(
    claims: Annotated[Claims, Depends(token_claims)], session: Reading, state: State, response: Response
) -> Token:
    """Give another token for one that still holds, until the session ends that began with the password.

    The one that was sent holds on until it ends.
    """
    holder = await admit(session, claims, Audience.VIEWERS)
    return given(state.tokens.give(holder.user_id, claims.token_epoch, claims.began_at), response)


@router.post("/logout", status_code=HTTPStatus.NO_CONTENT)
async def logout(claims: Annotated[Claims, Depends(token_claims)], session: Writing, origin: From) -> None:
    """End all tokens of the user who asks, on whatever device."""
    holder = await admit(session, claims, Audience.VIEWERS)
    await sign_ins.sign_out(session, origin.of(holder), holder.user_id, claims.token_epoch)


async def _token(request: Request, state: ServerState, credentials: Login, host: str, origin: Origin) -> Issued:
    known = await sign_in(state, credentials.username, credentials.password, host, origin)
    note_asker(request, known.user_id)
    return state.tokens.give(known.user_id, known.token_epoch)
