"""The log of changes."""

from __future__ import annotations

import datetime
from typing import Any

from pydantic import Field

from roadlens.api.schemas.answer import Answer, Next, example


class AuditEntry(Answer):
    audit_id: int
    at: datetime.datetime
    actor: str = Field(description="Who: a user's name at that time, or `command line`.")
    actor_id: int | None = Field(description="The user's id; null for a command.")
    action: str = Field(description="create, update, delete, password, register, …")
    entity: str = Field(description="driver, vehicle, device, assignment, user, …")
    entity_id: str
    before: dict[str, Any] | None = Field(description="What was there: the changed fields; all of it if it is gone.")
    after: dict[str, Any] | None = Field(description="What is there since: the changed fields; all of it if it is new.")


class AuditPage(Answer):
    model_config = example(
        {
            "items": [
                {
                    "audit_id": 17,
                    "at": "2026-05-04T09:10:00Z",
                    "actor": "admin",
                    "actor_id": 1,
                    "action": "update",
                    "entity": "driver",
                    "entity_id": "DRV-0001",
                    "before": {"phone": "+1 555 0100"},
                    "after": {"phone": "+1 555 0199"},
                }
            ],
            "next": None,
        }
    )

    items: list[AuditEntry]
    next: Next
