"""Who is asking, and may they: one statement a request, the same for every route of an audience."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.security import OAuth2PasswordBearer

from roadlens.api.dependencies import Reading, State
from roadlens.api.tokens import Claims
from roadlens.domain import Audience
from roadlens.errors import NotAuthenticated, NotPermitted
from roadlens.storage.database import ReadSession
from roadlens.storage.reads import users
from roadlens.storage.reads.users import TokenHolder


async def admit(session: ReadSession, claims: Claims, audience: Audience) -> TokenHolder:
    """The user whom the token belongs to.

    Raises:
        NotAuthenticated: the user is gone, disabled, or has a new password since.
        NotPermitted: the user's role is not of the audience.
    """
    holder = await users.token_holder(session, claims.user_id, claims.token_epoch)
    if holder is None:
        raise NotAuthenticated("The token is no longer valid. Sign in again at /api/v1/auth/login.")
    if not audience.admits(holder.role):
        raise NotPermitted(f"The role {holder.role} may not do this. Ask an admin.")
    return holder


_bearer = OAuth2PasswordBearer(
    tokenUrl="/api/v1/auth/token", auto_error=False, description="A token from /api/v1/auth/login."
)


async def token_claims(state: State, token: Annotated[str | None, Depends(_bearer)]) -> Claims:
    """What the request's token says; refused before any database connection is taken."""
    if token is None:
        raise NotAuthenticated("Send the header `Authorization: Bearer <token>`; /api/v1/auth/login gives a token.")
    return state.tokens.read(token)


async def viewer(claims: Annotated[Claims, Depends(token_claims)], session: Reading) -> TokenHolder:
    return await admit(session, claims, Audience.VIEWERS)


async def administrator(claims: Annotated[Claims, Depends(token_claims)], session: Reading) -> TokenHolder:
    return await admit(session, claims, Audience.ADMINS)


may_view = Depends(viewer)
may_administer = Depends(administrator)
