"""Edits of rows that carry a version: held, compared with what the editor saw, changed, logged. Knows no resource.

An edit takes three statements: the row is locked and read, written, and the change noted in the log. The lock leaves
deliveries alone, which refer to drivers and vehicles but never change them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from roadlens.errors import Conflict, NotFound, PreconditionFailed
from roadlens.storage.database import WriteSession
from roadlens.storage.writes import audit
from roadlens.storage.writes.audit import Who

Row = dict[str, Any]

# The versions that an editor will accept; None accepts any.
Expected = AbstractSet[int] | None

# Looks at a row as an edit would leave it, and raises InvalidInput if it cannot be so.
Check = Callable[[Mapping[str, Any]], None]

# What the log knows anyway, or nobody edits.
_HIDDEN: Final = frozenset({"version", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What is edited: its table, and what an answer or the log shows of a row.

    Attributes:
        name: in sentences and in the log, such as "driver".
        columns: all that may be shown; a secret is not among them.
        conflicts: by the name of a constraint, the field that breaks it and what to tell, such as "{email} is taken.".
        listed_at: where the API lists them.
        looked_up: an expression, under its name, of what a row shows of another table.
    """

    name: str
    table: str
    key: str
    columns: tuple[str, ...]
    listed_at: str
    conflicts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    looked_up: str = ""

    @property
    def returned(self) -> str:
        return ", ".join((*self.columns, "version", *([self.looked_up] if self.looked_up else ())))


@contextmanager
def naming_conflicts(kind: Kind, values: Mapping[str, Any]) -> Iterator[None]:
    """Say which field a broken constraint is about, with its value where the sentence asks for it.

    Raises:
        Conflict: one of the kind's constraints is broken. The transaction is lost.
    """
    try:
        yield
    except IntegrityError as error:
        constraint = constraint_of(error)
        if constraint not in kind.conflicts:
            raise
        name, detail = kind.conflicts[constraint]
        raise Conflict(detail.format_map(values), field=name) from error


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that was broken."""
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""


async def hold(session: WriteSession, kind: Kind, key: object, expected: Expected, lock: str = "NO KEY UPDATE") -> Row:
    """Lock a row until the transaction ends, and give it.

    Raises:
        NotFound: there is none.
        PreconditionFailed: it has another version than those expected.
    """
    found = await session.row(
        f"SELECT {kind.returned} FROM {kind.table} WHERE {kind.key} = :key FOR {lock}", Row, {"key": key}
    )
    if found is None:
        raise NotFound(f"There is no {kind.name} {key}. {kind.listed_at} lists them.")
    if expected is not None and found["version"] not in expected:
        raise PreconditionFailed(
            f"The {kind.name} {key} is at version {found['version']}, which is not the one in `If-Match`: somebody "
            "else has changed it. Read it again, look at the difference, and send the change with the new ETag."
        )
    return found


async def insert(
    session: WriteSession,
    who: Who,
    kind: Kind,
    values: Mapping[str, Any],
    *,
    drawn: str | None = None,
    about: Mapping[str, Any] | None = None,
) -> Row:
    """Make a row and note it in the log.

    Args:
        session: the transaction.
        who: makes it.
        kind: of the row.
        values: its columns. If it has no key, the key is drawn.
        drawn: the expression that gives a key. Who chose the same one by hand just now has it: another is drawn.
        about: what the sentence about a conflict may name beside the values.

    Raises:
        Conflict: something that must be unique is taken.
    """
    names = ", ".join(values)
    given = ", ".join(f":{name}" for name in values)
    statement = f"INSERT INTO {kind.table} ({names}) VALUES ({given}) RETURNING {kind.returned}"
    if drawn is not None:
        statement = (
            f"INSERT INTO {kind.table} ({kind.key}, {names}) VALUES ({drawn}, {given}) "
            f"ON CONFLICT ({kind.key}) DO NOTHING RETURNING {kind.returned}"
        )
    made = None
    with naming_conflicts(kind, {**values, **(about or {})}):
        while made is None:
            made = await session.row(statement, Row, values)
    await record(session, who, "create", kind, None, made)
    return made


async def update(
    session: WriteSession,
    who: Who,
    kind: Kind,
    before: Row,
    values: Mapping[str, Any],
    *,
    action: str = "update",
    also: str = "",
) -> Row:
    """Change what differs of a row that is held. Where nothing does, nothing is written and the version stays.

    Args:
        session: the transaction that holds the row.
        who: changes it.
        kind: of the row.
        before: the row as it was held.
        values: columns with their new values.
        action: for the log.
        also: more assignments for the statement, of columns that are not shown.

    Raises:
        Conflict: something that must be unique is taken.
    """
    changed = {name: value for name, value in values.items() if before.get(name) != value}
    if not changed and not also:
        return before
    assignments = ", ".join([f"{name} = :{name}" for name in changed] + ([also] if also else []))
    touched = ", updated_at = now()" if "updated_at" in kind.columns else ""
    with naming_conflicts(kind, {**before, **values}):
        after = await session.row(
            f"UPDATE {kind.table} SET {assignments}, version = version + 1{touched} WHERE {kind.key} = :its_key "
            f"RETURNING {kind.returned}",
            Row,
            {**changed, "its_key": before[kind.key]},
        )
    assert after is not None
    await record(session, who, action, kind, before, after)
    return after


async def delete(session: WriteSession, who: Who, kind: Kind, before: Row, **more: object) -> None:
    """Delete a row that is held. `more` goes into the log beside it.

    Raises:
        Conflict: something else still refers to it.
    """
    with naming_conflicts(kind, before):
        await session.execute(f"DELETE FROM {kind.table} WHERE {kind.key} = :key", {"key": before[kind.key]})
    await record(session, who, "delete", kind, {**before, **more}, None)


async def record(
    session: WriteSession, who: Who, action: str, kind: Kind, before: Row | None, after: Row | None
) -> None:
    """Note a change with what differs: of something new or gone all that is known, otherwise the changed columns."""
    if before is None or after is None:
        sides = [row and shown(row) for row in (before, after)]
    else:
        names = [name for name in kind.columns if name not in _HIDDEN and before[name] != after[name]]
        sides = [{name: row[name] for name in names} or None for row in (before, after)]
    key = (after or before or {})[kind.key]
    await audit.record(session, who, action, kind.name, str(key), sides[0], sides[1])


def shown(row: Mapping[str, Any]) -> Row:
    """What the log shows of a row."""
    return {name: value for name, value in row.items() if name not in _HIDDEN and value is not None}
