"""Hashes passwords with argon2id and checks them, beside the event loop and a few at a time."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# A check takes 64 MiB and three passes over it (RFC 9106, section 4, second choice): more at once would only be slower.
AT_ONCE = 2

# The hash of a random password that nobody kept, of the same cost as those made here.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$Tjg6LjTrumukPdO3CRQwZg$aV5cYYBpTuMPTZ7tFRSFBxvi42KqpsXmjldTxpyEY2I"

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """An argon2id hash with its parameters and salt, as text."""
    return _hasher.hash(password)


def costs_as_much(password_hash: str) -> bool:
    """Whether checking against it takes as long as against one made now."""
    return not _hasher.check_needs_rehash(password_hash)


def matches(password: str, password_hash: str) -> bool:
    """Whether `password_hash` was made of that password."""
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


class PasswordCheck:
    """Checks sign-ins; one that names nobody takes as long as one with a wrong password."""

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(AT_ONCE)

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is right; never for `None`, the hash of somebody who does not exist."""
        right = await to_thread.run_sync(matches, password, password_hash or NOBODY, limiter=self._limiter)
        return right and password_hash is not None
