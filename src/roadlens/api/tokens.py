"""Bearer tokens: signed notes of who signed in, under which epoch, and until when. Knows no database."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
from jwt.types import Options

from roadlens.errors import NotAuthenticated

_ALGORITHM = "HS256"

# `iat` is not compared with the clock: a server a second behind would refuse what another one has just issued.
# There is no issuer or audience to check: the key is derived for these tokens alone, so whoever has signed one is us.
_OPTIONS: Options = {"require": ["sub", "epoch", "exp", "iat"], "verify_iat": False}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. It holds while the user is active and has this epoch."""

    user_id: int
    token_epoch: int
    expires_at: datetime


class Tokens:
    """Issues and reads the tokens of one installation."""

    def __init__(self, secret: bytes, lifetime: timedelta) -> None:
        """The signing key is derived, so that the secret may sign other things too."""
        self._key = hmac.digest(secret, b"roadlens bearer token", hashlib.sha256)
        self.lifetime = lifetime

    def issue(self, user_id: int, token_epoch: int) -> str:
        now = datetime.now(UTC)
        claims = {"sub": str(user_id), "epoch": token_epoch, "iat": now, "exp": now + self.lifetime}
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def read(self, token: str) -> Claims:
        """What the token says.

        Raises:
            NotAuthenticated: it is not ours, was changed, or has ended.
        """
        try:
            claims = jwt.decode(token, self._key, algorithms=[_ALGORITHM], options=_OPTIONS)
            return Claims(int(claims["sub"]), int(claims["epoch"]), datetime.fromtimestamp(claims["exp"], UTC))
        except jwt.ExpiredSignatureError as error:
            raise NotAuthenticated("The token has ended. Sign in again at /api/v1/auth/login.") from error
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError) as error:
            raise NotAuthenticated("The token is not valid. Sign in at /api/v1/auth/login.") from error
