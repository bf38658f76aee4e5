"""Who a token belongs to: remembered, until it ends or its user changes."""

from __future__ import annotations

import asyncio
import time

from roadlens.cache import principals
from roadlens.cache.principals import Claim, Principal, Principals
from tests.support.known_versions import KnownVersions


class Users:
    """A guard over users held in a dict; tokens are their names. Admitting waits for the test where it says so."""

    def __init__(self) -> None:
        self.roles = {"ann": "admin"}
        self.expires_at = time.time() + 3600
        self.asked = 0
        self.has_read = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def read(self, authorization: bytes) -> Claim[str] | None:
        name = authorization.decode().strip()
        return Claim(name, (f"user:{name}", "users:bulk"), self.expires_at) if name else None

    async def admit(self, claim: Claim[str]) -> Principal | None:
        self.asked += 1
        role = self.roles.get(claim.content)
        self.has_read.set()
        await self.may_answer.wait()
        return None if role is None else Principal(role, claim.content)


async def test_a_token_is_asked_about_once() -> None:
    users, versions = Users(), KnownVersions()
    known = Principals(versions, users)
    assert known.known(b"ann") is None
    assert await known.identify(b"ann") == known.known(b"ann") == Principal("admin", "ann")
    assert users.asked == 1


async def test_nobody_is_not_remembered() -> None:
    users = Users()
    known = Principals(KnownVersions(), users)
    assert await known.identify(b"") is None
    assert users.asked == 0
    assert await known.identify(b"bob") is None
    users.roles["bob"] = "viewer"
    assert known.known(b"bob") is None
    assert await known.identify(b"bob") == Principal("viewer", "bob")


async def test_a_change_of_the_user_makes_the_token_unknown() -> None:
    for tag in ("user:ann", "users:bulk"):
        users, versions = Users(), KnownVersions()
        known = Principals(versions, users)
        await known.identify(b"ann")
        versions.raise_("user:bob")
        assert known.known(b"ann") is not None
        versions.raise_(tag)
        assert known.known(b"ann") is None
        versions.known.clear()  # gone for good: nothing brings back what was remembered
        assert known.known(b"ann") is None


async def test_a_token_ends_when_it_says() -> None:
    users = Users()
    users.expires_at = time.time() - 1
    known = Principals(KnownVersions(), users)
    await known.identify(b"ann")
    assert known.known(b"ann") is None


async def test_who_was_let_in_before_a_change_is_not_remembered_after_it() -> None:
    """1. A request reads that the user is active. 2. Somebody disables the user, and every worker has heard of it.
    3. The request remembers what it read. 4. The next one must ask again.
    """
    users, versions = Users(), KnownVersions()
    known = Principals(versions, users)
    users.may_answer.clear()
    asking = asyncio.create_task(known.identify(b"ann"))  # 1
    await users.has_read.wait()
    del users.roles["ann"]  # 2
    versions.raise_("user:ann")
    users.may_answer.set()  # 3
    await asking
    assert known.known(b"ann") is None  # 4
    assert await known.identify(b"ann") is None


async def test_as_many_are_remembered_as_there_is_room_for() -> None:
    users = Users()
    known = Principals(KnownVersions(), users)
    names = [f"{number}".encode() for number in range(principals.MOST + 1)]
    users.roles = {name.decode(): "viewer" for name in names}
    for name in names:
        await known.identify(name)
    assert known.known(names[0]) is None
    assert all(known.known(name) for name in names[1:])


async def test_one_token_written_in_many_ways_fills_no_memory() -> None:
    users = Users()
    known = Principals(KnownVersions(), users)
    long = b"ann".ljust(principals.LONGEST + 1)
    assert await known.identify(long) == Principal("admin", "ann")
    assert known.known(long) is None
    assert await known.identify(long[:-1]) == known.known(long[:-1])
