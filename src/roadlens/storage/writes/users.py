"""Makes users and changes their passwords. Takes hashes, never passwords."""

from __future__ import annotations

from roadlens.domain import Role
from roadlens.errors import Conflict, NotFound
from roadlens.storage.database import WriteSession
from roadlens.storage.writes import audit

_CREATE = """
INSERT INTO users (username, email, role, password_hash) VALUES (:username, :email, :role, :password_hash)
ON CONFLICT (lower(username)) DO NOTHING
RETURNING user_id
"""

# The epoch rises with the password: every token given out under the old one ends.
_CHANGE_HASH = """
UPDATE users SET password_hash = :password_hash, token_epoch = token_epoch + 1, updated_at = now()
WHERE lower(username) = lower(:username)
RETURNING user_id
"""


async def create(
    session: WriteSession, actor: str, *, username: str, role: Role, password_hash: str, email: str | None = None
) -> int:
    """Make a user and return its id.

    Raises:
        Conflict: somebody has that name, in whatever case.
    """
    user_id: int | None = await session.value(
        _CREATE, {"username": username, "email": email, "role": role.value, "password_hash": password_hash}
    )
    if user_id is None:
        raise Conflict(f'There is already a user named "{username}". Choose another name.', field="username")
    after = {"username": username, "email": email, "role": role.value}
    await audit.record(session, actor, "create", "user", str(user_id), None, after)
    return user_id


async def change_password(session: WriteSession, actor: str, *, username: str, password_hash: str) -> int:
    """Replace a password, which ends the user's tokens; returns the user's id.

    Raises:
        NotFound: nobody has that name.
    """
    user_id: int | None = await session.value(_CHANGE_HASH, {"username": username, "password_hash": password_hash})
    if user_id is None:
        raise NotFound(f'There is no user named "{username}".')
    await audit.record(session, actor, "password", "user", str(user_id), None, None)
    return user_id
