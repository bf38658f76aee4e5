"""Bearer tokens: signed notes of who signed in and when, under which epoch, and until when. Knows no database.

A session begins with a password and has an end that nothing moves. Its tokens are shorter: one that still holds can be
exchanged for the next. Nothing of a session is kept on the server; a token names the moment at which it began.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import jwt
from jwt.types import Options

from roadlens.errors import NotAuthenticated

_ALGORITHM: Final = "HS256"

# `iat` is not compared with the clock: a server a second behind would refuse what another one has just issued.
# There is no issuer or audience to check: the key is derived for these tokens alone, so whoever has signed one is us.
_OPTIONS: Final[Options] = {"require": ["sub", "epoch", "exp", "iat"], "verify_iat": False}

_ENDED: Final = "Sign in again at /api/v1/auth/login."


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. It holds while the user is active and has this epoch.

    Attributes:
        expires_at: when this token ends.
        began_at: when its user gave the password.
        session_ends_at: when the last token of that session ends at the latest.
    """

    user_id: int
    token_epoch: int
    expires_at: datetime
    began_at: datetime
    session_ends_at: datetime


class Issued(NamedTuple):
    """A new token, and in how many seconds it and its session end."""

    token: str
    expires_in: int
    session_expires_in: int


class Tokens:
    """Issues and reads the tokens of one installation."""

    def __init__(
        self, secret: bytes, lifetime: timedelta, session: timedelta | None = None, previous: bytes | None = None
    ) -> None:
        """The signing key is derived, so that the secret may sign other things too.

        Args:
            secret: what new tokens are signed with.
            lifetime: of a token.
            session: of all tokens that go back to one sign-in; never shorter than one of them.
            previous: another secret whose tokens hold as well.
        """
        self._key = _key(secret)
        self._keys = (self._key,) if previous is None else (self._key, _key(previous))
        self.lifetime = lifetime
        self.session = max(lifetime, session or lifetime)

    def issue(self, user_id: int, token_epoch: int, began_at: datetime | None = None) -> str:
        """As `give`; the token alone."""
        return self.give(user_id, token_epoch, began_at).token

    def give(self, user_id: int, token_epoch: int, began_at: datetime | None = None) -> Issued:
        """A token of the session that began at that moment; without one, of a session that begins now."""
        now = datetime.now(UTC)
        began = began_at or now
        session_ends = began + self.session
        ends = min(now + self.lifetime, session_ends)
        claims = {
            "sub": str(user_id),
            "epoch": token_epoch,
            "iat": now,
            "exp": ends,
            "auth_time": int(began.timestamp()),
        }
        token = jwt.encode(claims, self._key, algorithm=_ALGORITHM)
        return Issued(token, int((ends - now).total_seconds()), int((session_ends - now).total_seconds()))

    def read(self, token: str) -> Claims:
        """What the token says.

        Raises:
            NotAuthenticated: it is not ours, was changed, or has ended, or its session has.
        """
        try:
            claims = self._decoded(token)
            # Tokens of earlier versions do not say when their session began: each was one of its own.
            began = datetime.fromtimestamp(claims.get("auth_time", claims["iat"]), UTC)
            session_ends = began + self.session
            expires = min(datetime.fromtimestamp(claims["exp"], UTC), session_ends)
            read = Claims(int(claims["sub"]), int(claims["epoch"]), expires, began, session_ends)
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated(f"The token has ended. {_ENDED}") from error
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, OverflowError, OSError) as error:
            raise NotAuthenticated("The token is not valid. Sign in at /api/v1/auth/login.") from error
        if session_ends <= datetime.now(UTC):
            raise NotAuthenticated(f"The session has ended. {_ENDED}")
        return read

    def _decoded(self, token: str) -> dict[str, Any]:
        for key in self._keys[:-1]:
            try:
                return jwt.decode(token, key, algorithms=[_ALGORITHM], options=_OPTIONS)
            except jwt.InvalidSignatureError:
                continue
        return jwt.decode(token, self._keys[-1], algorithms=[_ALGORITHM], options=_OPTIONS)


def _key(secret: bytes) -> bytes:
    return hmac.digest(secret, b"roadlens bearer token", hashlib.sha256)
