"""The log of changes, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roadlens.storage.cursor import Batches, batches
from roadlens.storage.database import ReadSession


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Each that is not None must be met."""

    entity: str | None = None
    entity_id: str | None = None

    def params(self) -> dict[str, str]:
        wanted = {"entity": self.entity, "entity_id": self.entity_id}
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """`before` and `after` hold what differs; of something new or gone, all that was known."""

    audit_id: int
    at: datetime
    actor: str
    actor_id: int | None
    action: str
    entity: str
    entity_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


async def page(session: ReadSession, *, wanted: AuditFilter, before: int | None, limit: int) -> list[AuditRow]:
    """Changes, the newest first, from the one before the entry `before`."""
    conditions = [f"{name} = :{name}" for name in wanted.params()]
    if before is not None:
        conditions.append("audit_id < :position")
    params = {"position": before, "limit": limit, **wanted.params()}
    return await session.rows(f"{_newest_first(conditions)} LIMIT :limit", AuditRow, params)


def every(session: ReadSession, *, wanted: AuditFilter) -> Batches[AuditRow]:
    """As `page`, all of them."""
    conditions = [f"{name} = :{name}" for name in wanted.params()]
    return batches(session, _newest_first(conditions), AuditRow, wanted.params())


def _newest_first(conditions: list[str]) -> str:
    return f"""
SELECT audit_id, at, actor, actor_id, action, entity, entity_id, before, after
FROM audit_log WHERE {" AND ".join(conditions) or "true"} ORDER BY audit_id DESC
"""
