"""The log of changes, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from roadlens.storage.cursor import Batches, batches
from roadlens.storage.database import ReadSession

# Each is a parameter, and a field of the filter.
_CONDITIONS: Final = {
    "actor": "actor = :actor",
    "actor_id": "actor_id = :actor_id",
    "action": "action = :action",
    "entity": "entity = :entity",
    "entity_id": "entity_id = :entity_id",
    "begin": "at >= :begin",
    "end": "at < :end",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Each that is not None must be met."""

    actor: str | None = None
    actor_id: int | None = None
    action: str | None = None
    entity: str | None = None
    entity_id: str | None = None
    begin: datetime | None = None
    end: datetime | None = None

    def params(self) -> dict[str, Any]:
        return {name: value for name in _CONDITIONS if (value := getattr(self, name)) is not None}

    def conditions(self) -> list[str]:
        return [_CONDITIONS[name] for name in self.params()]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """`before` and `after` hold what differs; of something new or gone, all that was known. `erased`: they did."""

    audit_id: int
    at: datetime
    actor: str
    actor_id: int | None
    address: str | None
    request_id: str | None
    action: str
    entity: str
    entity_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    erased: bool


async def page(session: ReadSession, *, wanted: AuditFilter, before: int | None, limit: int) -> list[AuditRow]:
    """Changes, the newest first, from the one before the entry `before`."""
    conditions = wanted.conditions()
    if before is not None:
        conditions.append("audit_id < :position")
    params = {"position": before, "limit": limit, **wanted.params()}
    return await session.rows(f"{_newest_first(conditions)} LIMIT :limit", AuditRow, params)


def every(session: ReadSession, *, wanted: AuditFilter) -> Batches[AuditRow]:
    """As `page`, all of them."""
    return batches(session, _newest_first(wanted.conditions()), AuditRow, wanted.params())


def _newest_first(conditions: list[str]) -> str:
    return f"""
SELECT audit_id, at, actor, actor_id, address, request_id, action, entity, entity_id, before, after,
    erased_by IS NOT NULL AS erased
FROM audit_log WHERE {" AND ".join(conditions) or "true"} ORDER BY audit_id DESC
"""
