"""The log of changes, for admins alone."""

from __future__ import annotations

from fastapi import APIRouter

from roadlens.api.dependencies import Reading, State
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.parameters import Action, After, ChangedBy, Entity, EntityId, From, Limit, To
from roadlens.api.schemas.audit import AuditEntry, AuditPage
from roadlens.api.security import may_administer
from roadlens.storage.reads import audit
from roadlens.storage.reads.audit import AuditFilter

router = APIRouter(prefix="/admin/audit", tags=["audit"], dependencies=[may_administer], responses=problems(*GUARDED))


@router.get("")
async def list_changes(
    session: Reading,
    state: State,
    *,
    actor: ChangedBy = None,
    action: Action = None,
    entity: Entity = None,
    entity_id: EntityId = None,
    begin: From = None,
    end: To = None,
    limit: Limit = 100,
    after: After = None,
) -> AuditPage:
    """Who changed what, when, from what to what: the newest first."""
    scope = ("audit", actor, action, entity, entity_id, begin, end)
    position = None if after is None else int(state.cursors.open(scope, after)[0])
    wanted = AuditFilter(actor=actor, action=action, entity=entity, entity_id=entity_id, begin=begin, end=end)
    found = await audit.page(session, wanted=wanted, before=position, limit=limit + 1)
    page, following = state.cursors.cut(scope, found, limit, lambda entry: [str(entry.audit_id)])
    return AuditPage(items=[AuditEntry.model_validate(entry) for entry in page], next=following)
