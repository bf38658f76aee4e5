"""Who a token belongs to, remembered until it ends or its user changes. Knows no token's form and no user."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from roadlens.cache.versions import Versions

H = TypeVar("H")

# Tokens that are remembered; the one that was remembered first goes first. An entry takes about a kilobyte.
MOST = 10_000

# Bytes. One token can be written in many ways (base64 may hold what is passed over), so its length has a bound here.
LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Claim(Generic[H]):
    """What a token says before anybody has asked whether it holds.

    Attributes:
        content: what the guard reads in it.
        tags: what makes the answer to that question stale.
        expires_at: Unix seconds.
    """

    content: H
    tags: tuple[str, ...]
    expires_at: float


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who may ask.

    Attributes:
        role: what audiences are made of.
        holder: the user, as routes know users.
    """

    role: str
    holder: object


class Guard(Protocol[H]):
    """Who checks tokens; the same code that routes call."""

    def read(self, authorization: bytes) -> Claim[H] | None:
        """What the header says; None if it is no token of ours, or has ended."""

    async def admit(self, claim: Claim[H]) -> Principal | None:
        """Whose it is; None if nobody's any more. Asks the database in a transaction that begins now."""


@dataclass(slots=True)
class _Remembered:
    principal: Principal
    tags: tuple[str, ...]
    expires_at: float
    versions: tuple[str, ...]
    epoch: int


class Principals(Generic[H]):
    """The tokens that this worker has seen."""

    def __init__(self, versions: Versions, guard: Guard[H]) -> None:
        self._versions = versions
        self._guard = guard
        self._known: dict[bytes, _Remembered] = {}

    def known(self, authorization: bytes) -> Principal | None:
        """Whose the header is, if that is remembered and holds; only for who has just found the versions trusted."""
        found = self._known.get(authorization)
        if found is None:
            return None
        epoch = self._versions.epoch
        if found.epoch != epoch:
            if self._versions.of(found.tags) != found.versions:
                del self._known[authorization]
                return None
            found.epoch = epoch
        if found.expires_at <= time.time():
            del self._known[authorization]
            return None
        return found.principal

    async def identify(self, authorization: bytes) -> Principal | None:
        """Whose the header is, asked now and remembered from now on.

        The versions are read before the question is put: a change that comes between makes what is remembered unknown.
        """
        claim = self._guard.read(authorization)
        if claim is None:
            return None
        epoch, versions = self._versions.epoch, self._versions.of(claim.tags)
        principal = await self._guard.admit(claim)
        if principal is not None and len(authorization) <= LONGEST:
            while len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[authorization] = _Remembered(principal, claim.tags, claim.expires_at, versions, epoch)
        return principal
