"""The log of who changed what; a row is written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from roadlens.storage.database import WriteSession

_RECORD = """
INSERT INTO audit_log (actor, actor_id, action, entity, entity_id, before, after)
VALUES (:actor, :actor_id, :action, :entity, :entity_id, cast(:before AS jsonb), cast(:after AS jsonb))
"""

State = Mapping[str, object] | None


class Actor(NamedTuple):
    """Who changes something: a user, or a part of Roadlens that has a name alone."""

    name: str
    user_id: int | None = None


async def record(
    session: WriteSession, actor: Actor | str, action: str, entity: str, entity_id: str, before: State, after: State
) -> None:
    """Note that `actor` did `action` ("create", …) to an entity. No secret belongs into `before` or `after`."""
    who = Actor(actor) if isinstance(actor, str) else actor
    await session.execute(
        _RECORD,
        {
            "actor": who.name,
            "actor_id": who.user_id,
            "action": action,
            "entity": entity,
            "entity_id": entity_id,
            "before": _json(before),
            "after": _json(after),
        },
    )


def _json(state: State) -> str | None:
    return None if state is None else msgspec.json.encode(state).decode()
