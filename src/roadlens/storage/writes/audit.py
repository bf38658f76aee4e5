"""The log of who changed what; a row is written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from roadlens.storage.database import WriteSession

_RECORD = """
INSERT INTO audit_log (actor, actor_id, address, request_id, action, entity, entity_id, before, after)
VALUES (:actor, :actor_id, :address, :request_id, :action, :entity, :entity_id, cast(:before AS jsonb),
    cast(:after AS jsonb))
RETURNING audit_id
"""

State = Mapping[str, object] | None


class Actor(NamedTuple):
    """Who changes something, and from where: a user, or a part of Roadlens that has a name alone.

    Attributes:
        name: the user's, or `command line: ada`, `roadlens serve`.
        user_id: null for all but users.
        address: the client's, or the name of the machine that a command runs on.
        request_id: the one that the answer and the server's log name.
    """

    name: str
    user_id: int | None = None
    address: str | None = None
    request_id: str | None = None


Who = Actor | str

# Somebody whom nobody knows: a sign-in that failed.
NOBODY: Final = "nobody"


async def record(
    session: WriteSession, actor: Who, action: str, entity: str, entity_id: str, before: State, after: State
) -> int:
    """Note that `actor` did `action` ("create", …) to an entity, and give the entry's id.

    No secret belongs into `before` or `after`.
    """
    who = named(actor)
    made: int = await session.value(
        _RECORD,
        {
            "actor": who.name,
            "actor_id": who.user_id,
            "address": who.address,
            "request_id": who.request_id,
            "action": action,
            "entity": entity,
            "entity_id": entity_id,
            "before": _json(before),
            "after": _json(after),
        },
    )
    return made


def named(who: Who) -> Actor:
    """The same as an actor: a part of Roadlens has a name alone."""
    return Actor(who) if isinstance(who, str) else who


def _json(state: State) -> str | None:
    return None if state is None else msgspec.json.encode(state).decode()
