"""Makes users, changes them and their passwords. Takes hashes, never passwords.

A token holds while its user is active and has its epoch, so what must end tokens raises the epoch: a new password, and
being disabled. A new role need not: it is read with every request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from roadlens.domain import Role
from roadlens.errors import Conflict, NotFound
from roadlens.storage.database import WriteSession
from roadlens.storage.writes import audit, edits, erasure
from roadlens.storage.writes.audit import Actor, Who, named
from roadlens.storage.writes.edits import Expected, Kind, Row

KIND: Final = Kind(
    name="user",
    table="users",
    key="user_id",
    columns=("user_id", "username", "email", "role", "active", "created_at", "updated_at"),
    listed_at="/api/v1/admin/users",
    conflicts={"users_username_key": ("username", 'There is already a user named "{username}". Choose another name.')},
)

_END_TOKENS = "token_epoch = token_epoch + 1"

_SET_HASH = f"""
UPDATE users SET password_hash = :password_hash, {_END_TOKENS}, version = version + 1, updated_at = now()
WHERE {{whose}}
RETURNING user_id, token_epoch
"""
_CHANGE_BY_NAME = _SET_HASH.format(whose="lower(username) = lower(:username)")
_CHANGE_BY_ID = _SET_HASH.format(whose="user_id = :user_id")
_CHANGE_OWN = _SET_HASH.format(whose="user_id = :user_id AND token_epoch = :token_epoch AND active")

# Who takes an admin's rights away holds all admins: two who do so at once to each other come one after the other.
_HOLD_ADMINS = "SELECT user_id FROM users WHERE role = 'admin' AND active ORDER BY user_id FOR NO KEY UPDATE"


async def create(
    session: WriteSession, who: Who, *, username: str, role: Role, password_hash: str, email: str | None = None
) -> int:
    """Make a user and return its id.

    Raises:
        Conflict: somebody has that name, in whatever case.
    """
    made = await add(session, who, username=username, role=role, password_hash=password_hash, email=email)
    return int(made["user_id"])


async def add(
    session: WriteSession, who: Who, *, username: str, role: Role, password_hash: str, email: str | None
) -> Row:
    """As `create`; returns the row.

    Raises:
        Conflict: somebody has that name, in whatever case.
    """
    values = {"username": username, "email": email, "role": role.value, "password_hash": password_hash}
    return await edits.insert(session, who, KIND, values)


async def change(session: WriteSession, who: Actor, user_id: int, values: Mapping[str, Any], expected: Expected) -> Row:
    """Change a user's e-mail address, role or being active; those that are not named stay.

    Raises:
        NotFound: there is no such user.
        PreconditionFailed: it has another version than those expected.
        Conflict: the user would take away rights of their own, or nobody could edit any more; `field` says by what.
    """
    values = {name: str(value) if name == "role" else value for name, value in values.items()}
    # The admins are locked before the one user, whom they may include: everybody locks in the same order.
    steps_down = values.get("role", Role.ADMIN) != Role.ADMIN
    restricts = steps_down or not values.get("active", True)
    admins = {admin for (admin,) in await session.tuples(_HOLD_ADMINS)} if restricts else set()
    before = await edits.hold(session, KIND, user_id, expected)
    if restricts and user_id in admins:
        _refuse_lockout(who, user_id, admins, field="role" if steps_down else "active")
    ends = before["active"] and not values.get("active", True)
    return await edits.update(session, who, KIND, before, values, also=_END_TOKENS if ends else "")


def _refuse_lockout(who: Actor, user_id: int, admins: set[int], field: str) -> None:
    if admins == {user_id}:
        raise Conflict(
            "This is the last active admin: nobody could edit any more. Make another admin first.", field=field
        )
    if who.user_id == user_id:
        raise Conflict("Nobody takes away their own admin rights. Ask another admin to do it.", field=field)


async def erase(session: WriteSession, who: Who, user_id: int) -> tuple[str | None, int]:
    """Erase a user, also one whose row has gone: the name in the log too, under what it is kept from now on (None:
    nothing was held), and of how many entries.

    Raises:
        Conflict: it is the last active admin, or who asks.
    """
    admins = {admin for (admin,) in await session.tuples(_HOLD_ADMINS)}
    if user_id in admins:
        _refuse_lockout(named(who), user_id, admins, field="user_id")
    await erasure.remove_user(session, user_id)
    entries = await erasure.entries_of_user(session, user_id)
    if not entries.number:
        return None, 0
    name = erasure.pseudonym()
    entry = await audit.record(session, who, "erase", "user", name, None, {"audit_entries": entries.number})
    await erasure.empty(session, entry, entries, name)
    return name, entries.number


async def change_password(session: WriteSession, who: Who, *, username: str, password_hash: str) -> int:
    """Replace a password, which ends the user's tokens; returns the user's id.

    Raises:
        NotFound: nobody has that name.
    """
    changed = await session.tuples(_CHANGE_BY_NAME, {"username": username, "password_hash": password_hash})
    if not changed:
        raise NotFound(f'There is no user named "{username}".')
    return await _log_password(session, who, changed)


async def set_password(session: WriteSession, who: Who, user_id: int, password_hash: str) -> None:
    """As `change_password`, of the user with that id.

    Raises:
        NotFound: nobody has that id.
    """
    changed = await session.tuples(_CHANGE_BY_ID, {"user_id": user_id, "password_hash": password_hash})
    if not changed:
        raise NotFound(f"There is no user {user_id}. {KIND.listed_at} lists them.")
    await _log_password(session, who, changed)


async def change_own_password(session: WriteSession, who: Actor, token_epoch: int, password_hash: str) -> int | None:
    """Replace the password of a user who is active and still has this epoch; returns the new epoch, None otherwise."""
    values = {"user_id": who.user_id, "token_epoch": token_epoch, "password_hash": password_hash}
    changed = await session.tuples(_CHANGE_OWN, values)
    if not changed:
        return None
    await _log_password(session, who, changed)
    return int(changed[0][1])


async def _log_password(session: WriteSession, who: Who, changed: list[tuple[Any, ...]]) -> int:
    user_id = int(changed[0][0])
    await audit.record(session, who, "password", "user", str(user_id), None, None)
    return user_id
