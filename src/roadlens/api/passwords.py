"""Hashes passwords with argon2id and checks them, beside the event loop, a few at a time and with a short queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from roadlens.errors import Overloaded

T = TypeVar("T")

# 64 MiB, three passes, four lanes: RFC 9106, section 4, second recommendation. OWASP's Password Storage Cheat Sheet
# asks for at least 19 MiB and two passes.
PARAMETERS: Final = RFC_9106_LOW_MEMORY

# One check keeps several cores busy for some 100 ms: more at once would not be faster, and each takes 64 MiB.
AT_ONCE = 2

# Those that wait beyond them; at the end of the queue that is a few seconds. Whoever comes then is told to come back.
WAITING = 32

# The hash of a random password that nobody kept, of the same cost as those made here.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$Tjg6LjTrumukPdO3CRQwZg$aV5cYYBpTuMPTZ7tFRSFBxvi42KqpsXmjldTxpyEY2I"

_hasher = PasswordHasher.from_parameters(PARAMETERS)


def hash_password(password: str) -> str:
    """An argon2id hash with its parameters and salt, as text."""
    return _hasher.hash(password)


def is_current(password_hash: str) -> bool:
    """Whether it was made with today's parameters, so that checking against it takes as long as against any other."""
    try:
        return not _hasher.check_needs_rehash(password_hash)
    except InvalidHashError:
        return False


def matches(password: str, password_hash: str) -> bool:
    """Whether `password_hash` was made of that password."""
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


class PasswordCheck:
    """Checks sign-ins; one that names nobody takes as long as one with a wrong password."""

    def __init__(self, waiting: int = WAITING, verify: Callable[[str, str], bool] = matches) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "password")
        self._places = BoundedSemaphore(AT_ONCE + waiting)
        self._verify = verify

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is right; never for `None`, the hash of somebody who does not exist.

        Raises:
            Overloaded: too many wait already.
        """
        right = await self._in_turn(self._verify, password, password_hash or NOBODY)
        return right and password_hash is not None

    async def hash(self, password: str) -> str:
        """An argon2id hash of a new password.

        Raises:
            Overloaded: too many wait already.
        """
        return await self._in_turn(hash_password, password)

    async def _in_turn(self, work: Callable[..., T], *arguments: str) -> T:
        """Who is cancelled while waiting leaves the queue; work that has begun keeps its thread until it is done."""
        if not self._places.acquire(blocking=False):
            raise Overloaded("Too many are signing in at this moment. Try again in a few seconds.")
        future = self._threads.submit(work, *arguments)
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)
