"""Hashes passwords with argon2id and checks them, beside the event loop and a few at a time."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# A check takes one core some 40 ms and 64 MiB (RFC 9106, section 4, second choice): more at once would only be slower.
AT_ONCE = 2

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """An argon2id hash with its parameters and salt, as text."""
    return _hasher.hash(password)


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
        self._nobody = hash_password("")

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is right; never for `None`, the hash of somebody who does not exist."""
        right = await to_thread.run_sync(matches, password, password_hash or self._nobody, limiter=self._limiter)
        return right and password_hash is not None
