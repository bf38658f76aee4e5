"""Who is asking, and may they: one statement a request, the same for every route of an audience."""

from __future__ import annotations

import logging
from typing import Annotated, Final, cast

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

from roadlens.api.dependencies import Reading, State
from roadlens.api.tokens import Claims
from roadlens.cache.http import PRINCIPAL
from roadlens.cache.principals import Principal
from roadlens.cache.watch import NOTED, Noted
from roadlens.domain import Audience
from roadlens.errors import NotAuthenticated, NotPermitted
from roadlens.storage.database import ReadSession
from roadlens.storage.reads import users
from roadlens.storage.reads.users import TokenHolder

logger = logging.getLogger(__name__)


async def admit(session: ReadSession, claims: Claims, audience: Audience) -> TokenHolder:
    """The user whom the token belongs to.

    Raises:
        NotAuthenticated: the user is gone, disabled, or has a new password since.
        NotPermitted: the user's role is not of the audience.
    """
    return permitted(await still_holds(session, claims), audience)


async def still_holds(session: ReadSession, claims: Claims) -> TokenHolder:
    """The user whom the token belongs to.

    Raises:
        NotAuthenticated: the user is gone, disabled, or has a new password since.
    """
    holder = await users.token_holder(session, claims.user_id, claims.token_epoch)
    if holder is None:
        raise NotAuthenticated("The token is no longer valid. Sign in again at /api/v1/auth/login.")
    return holder


def permitted(holder: TokenHolder, audience: Audience) -> TokenHolder:
    """The user, who is of the audience.

    Raises:
        NotPermitted: the user's role is not.
    """
    if not audience.admits(holder.role):
        logger.warning("User %d is refused what only %s may do", holder.user_id, audience)
        raise NotPermitted(f"The role {holder.role} may not do this. Ask an admin.")
    return holder


_bearer = OAuth2PasswordBearer(
    tokenUrl="/api/v1/auth/token", auto_error=False, description="A token from /api/v1/auth/login."
)


async def token_claims(request: Request, state: State, token: Annotated[str | None, Depends(_bearer)]) -> Claims:
    """What the request's token says; refused before any database connection is taken."""
    if token is None:
        raise NotAuthenticated("Send the header `Authorization: Bearer <token>`; /api/v1/auth/login gives a token.")
    claims = state.tokens.read(token)
    note_asker(request, claims.user_id)
    return claims


def note_asker(request: Request, user_id: int) -> None:
    """For the request's line in the log."""
    noted: Noted | None = request.scope.get(NOTED)
    if noted is not None:
        noted.user = user_id


async def asker(request: Request, state: State, token: Annotated[str | None, Depends(_bearer)]) -> Claims | TokenHolder:
    """What the token says; or the user, where the cache has found out already who asks for what it has computed."""
    known: Principal | None = request.scope.get(PRINCIPAL)
    return cast(TokenHolder, known.holder) if known is not None else await token_claims(request, state, token)


Asker = Annotated[Claims | TokenHolder, Depends(asker)]


async def viewer(asker: Asker, session: Reading) -> TokenHolder:
    return await _admitted(session, asker, Audience.VIEWERS)


async def viewer_beforehand(asker: Asker, state: State) -> TokenHolder:
    """As `viewer`, in a transaction that has ended: for routes that begin their own, one connection at a time."""
    async with state.database.read() as session:
        return await _admitted(session, asker, Audience.VIEWERS)


async def administrator_beforehand(asker: Asker, state: State) -> TokenHolder:
    """As `administrator`, and as `viewer_beforehand`."""
    async with state.database.read() as session:
        return await _admitted(session, asker, Audience.ADMINS)


async def administrator(asker: Asker, session: Reading) -> TokenHolder:
    return await _admitted(session, asker, Audience.ADMINS)


async def _admitted(session: ReadSession, asker: Claims | TokenHolder, audience: Audience) -> TokenHolder:
    if isinstance(asker, TokenHolder):
        return permitted(asker, audience)
    return await admit(session, asker, audience)


may_view = Depends(viewer)
may_view_beforehand = Depends(viewer_beforehand)
may_administer = Depends(administrator)
may_administer_beforehand = Depends(administrator_beforehand)

# Which audience each of these dependencies admits: what the policy of a kept route must say too.
GUARDS: Final = {
    viewer: Audience.VIEWERS,
    viewer_beforehand: Audience.VIEWERS,
    administrator: Audience.ADMINS,
    administrator_beforehand: Audience.ADMINS,
}
