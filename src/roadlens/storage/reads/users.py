"""Users: who a token belongs to, what a sign-in is checked against, and the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from roadlens.storage.cursor import Batches, batches
from roadlens.storage.database import ReadSession

_HOLDER = """
SELECT user_id, username, email, role, token_epoch FROM users
WHERE user_id = :user_id AND token_epoch = :token_epoch AND active
"""

_CREDENTIALS = """
SELECT user_id, username, email, token_epoch, password_hash, active FROM users WHERE lower(username) = lower(:username)
"""

_PAGE = """
SELECT user_id, username, email, role, active, created_at, version FROM users
WHERE user_id > :after ORDER BY user_id LIMIT :limit
"""

_ONE = """
SELECT user_id, username, email, role, active, created_at, version FROM users WHERE user_id = :user_id
"""

_HAS_ADMIN = "SELECT EXISTS (SELECT FROM users WHERE role = 'admin')"


@dataclass(frozen=True, slots=True)
class TokenHolder:
    user_id: int
    username: str
    email: str | None
    role: str
    token_epoch: int


@dataclass(frozen=True, slots=True)
class Credentials:
    user_id: int
    username: str
    email: str | None
    token_epoch: int
    password_hash: str
    active: bool


@dataclass(frozen=True, slots=True)
class UserRow:
    user_id: int
    username: str
    email: str | None
    role: str
    active: bool
    created_at: datetime
    version: int


async def token_holder(session: ReadSession, user_id: int, token_epoch: int) -> TokenHolder | None:
    """The user, if still active and not revoked since the token was given."""
    return await session.row(_HOLDER, TokenHolder, {"user_id": user_id, "token_epoch": token_epoch})


async def credentials(session: ReadSession, username: str) -> Credentials | None:
    """What a sign-in under that name (in whatever case) is checked against."""
    return await session.row(_CREDENTIALS, Credentials, {"username": username})


async def page(session: ReadSession, *, after: int, limit: int) -> list[UserRow]:
    """Users by id, from the one after `after`."""
    return await session.rows(_PAGE, UserRow, {"after": after, "limit": limit})


def every(session: ReadSession) -> Batches[UserRow]:
    """All users by id."""
    return batches(session, _PAGE, UserRow, {"after": 0, "limit": None})


async def one(session: ReadSession, user_id: int) -> UserRow | None:
    """The user; None if there is none."""
    return await session.row(_ONE, UserRow, {"user_id": user_id})


async def has_admin(session: ReadSession) -> bool:
    """Whether somebody could sign in as an admin, disabled or not."""
    return bool(await session.value(_HAS_ADMIN))
