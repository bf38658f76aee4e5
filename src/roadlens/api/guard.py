"""Who a token belongs to, for hits: the same checks as in every other request, in the form in which the cache asks."""

from __future__ import annotations

from roadlens.api.security import still_holds
from roadlens.api.tokens import Claims, Tokens
from roadlens.cache.policy import EVERYTHING
from roadlens.cache.principals import Claim, Principal
from roadlens.errors import NotAuthenticated
from roadlens.freshness import user_tags
from roadlens.storage.database import Database

_SCHEME = b"bearer "


class TokenGuard:
    """Reads bearer tokens and looks up their users. It refuses nothing itself: that is left to the application."""

    def __init__(self, database: Database, tokens: Tokens) -> None:
        self._database = database
        self._tokens = tokens

    def read(self, authorization: bytes) -> Claim[Claims] | None:
        """What the header's token says; None if there is none, or none that holds."""
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            return None
        try:
            claims = self._tokens.read(authorization[len(_SCHEME) :].decode("latin-1"))
        except NotAuthenticated:
            return None
        return Claim(claims, (*user_tags(claims.user_id), EVERYTHING), claims.expires_at.timestamp())

    async def admit(self, claim: Claim[Claims]) -> Principal | None:
        """The user; None if there is none any more, or if the database does not say."""
        try:
            async with self._database.read() as session:
                holder = await still_holds(session, claim.content)
        except Exception:  # noqa: BLE001 - the application asks again, and says what is wrong as it says it everywhere
            return None
        return Principal(holder.role, holder)
