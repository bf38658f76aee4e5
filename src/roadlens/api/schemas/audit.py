"""The log of changes."""

from __future__ import annotations

import datetime
from typing import Any

from pydantic import Field

from roadlens.api.schemas.answer import Answer, Next, example


class AuditEntry(Answer):
    audit_id: int
    at: datetime.datetime
    actor: str = Field(description="Who: a user's name at that time, `command line: ada`, `database: postgres`, …")
    actor_id: int | None = Field(description="The user's id; null for a command.")
    address: str | None = Field(description="From where: the client's address, or a command's machine.")
    request_id: str | None = Field(description="The request's, as in the server's log.")
    action: str = Field(description="create, update, delete, password, register, sign in, export, erase, …")
    entity: str = Field(description="driver, vehicle, device, assignment, user, …")
    entity_id: str
    before: dict[str, Any] | None = Field(description="What was there: the changed fields; all of it if it is gone.")
    after: dict[str, Any] | None = Field(description="What is there since: the changed fields; all of it if it is new.")
    erased: bool = Field(description="Whether values have gone from it because a person was erased.")


class AuditPage(Answer):
    model_config = example(
        {
            "items": [
                {
                    "audit_id": 17,
                    "at": "2026-05-04T09:10:00Z",
                    "actor": "admin",
                    "actor_id": 1,
                    "address": "192.0.2.7",
                    "request_id": "3f9c1a2b4d5e-7",
                    "action": "update",
                    "entity": "driver",
                    "entity_id": "DRV-0001",
                    "before": {"phone": "+1 555 0100"},
                    "after": {"phone": "+1 555 0199"},
                    "erased": False,
                }
            ],
            "next": None,
        }
    )

    items: list[AuditEntry]
    next: Next
