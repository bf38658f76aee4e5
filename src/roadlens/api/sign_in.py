"""One sign-in, start to end: charge it, check the password, take the charge back, keep the hash up to date."""

from __future__ import annotations

import logging
from contextlib import suppress

from fastapi import Response

from roadlens.api.dependencies import ServerState
from roadlens.api.origin import Origin
from roadlens.api.passwords import is_current
from roadlens.api.refusals import Refused
from roadlens.api.schemas.auth import Token
from roadlens.api.throttle import Attempt, network
from roadlens.api.tokens import Issued
from roadlens.errors import NotAuthenticated, Overloaded, TooManyAttempts
from roadlens.storage.reads.users import Credentials, credentials
from roadlens.storage.writes import sign_ins

logger = logging.getLogger(__name__)


async def sign_in(state: ServerState, name: str, password: str, host: str, origin: Origin) -> Credentials:
    """The user whom name and password belong to. No connection is held while the password is checked.

    Raises:
        NotAuthenticated: the name or the password is wrong, or the user is disabled; which one is not told.
        TooManyAttempts: too many have failed before.
        Overloaded: too many passwords wait to be checked.
    """
    known, attempt, charged = await _charge(state, name, host, origin)
    try:
        right = await state.passwords.matches(password, known.password_hash if known else None)
    except Overloaded:
        await state.database.retrying(lambda session: sign_ins.refund(session, charged))
        raise
    if known is None or not right or not known.active:
        # The name is not told: people type their password there by mistake.
        logger.warning("A sign-in failed, from %s: %s", network(host), _why(known, right=right))
        await state.refusals.note(state.database, origin, Refused.WRONG, known.user_id if known else None)
        raise NotAuthenticated("The name or the password is wrong, or the user is disabled.")
    async with state.database.write() as session:
        await sign_ins.refund(session, charged)
        await sign_ins.remember(session, known.user_id, attempt.address, state.throttle.now())
        await sign_ins.note(session, origin.named(known.username, known.user_id))
    logger.info("User %d has signed in, from %s", known.user_id, network(host))
    if not is_current(known.password_hash):
        await _renew_hash(state, known, password, origin)
    return known


def _why(known: Credentials | None, *, right: bool) -> str:
    if known is None:
        return "nobody has that name"
    return f"user {known.user_id} is disabled" if right else f"another password than that of user {known.user_id}"


def given(issued: Issued, response: Response) -> Token:
    """The answer that a token is given with, which nobody on its way may keep."""
    response.headers["Cache-Control"] = "no-store"
    return Token(access_token=issued.token, expires_in=issued.expires_in, session_expires_in=issued.session_expires_in)


async def _charge(
    state: ServerState, name: str, host: str, origin: Origin
) -> tuple[Credentials | None, Attempt, tuple[sign_ins.Bucket, ...]]:
    now = state.throttle.now()
    known: Credentials | None = None
    try:
        async with state.database.write() as session:
            known = await credentials(session, name)
            attempt = state.throttle.attempt(known.user_id if known else None, name, host)
            # Asked of nobody too, for the same number of statements.
            usual = await sign_ins.is_known(session, known.user_id if known else 0, attempt.address, now)
            charged = attempt.buckets(known=usual)
            await sign_ins.charge(session, charged, now)
    except TooManyAttempts:
        who = "a name that nobody has" if known is None else f"user {known.user_id}"
        logger.warning("Too many sign-ins have failed: one from %s, as %s, is not looked at", network(host), who)
        await state.refusals.note(state.database, origin, Refused.THROTTLED, known.user_id if known else None)
        raise
    return known, attempt, charged


async def _renew_hash(state: ServerState, known: Credentials, password: str, origin: Origin) -> None:
    """Made with older parameters: now that the password is at hand, make it anew. When there is no time, next time."""
    with suppress(Overloaded):
        renewed = await state.passwords.hash(password)
        async with state.database.write() as session:
            who = origin.named(known.username, known.user_id)
            await sign_ins.renew_hash(session, who, known.user_id, known.password_hash, renewed)
