"""The cache as administrators see it."""

from __future__ import annotations

import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from roadlens.api.schemas.answer import Answer, example


class PrefixState(Answer):
    key_prefix: str
    hits: int
    misses: int
    bypasses: int = Field(description="Computed because the versions could not be trusted at that moment.")
    hit_rate: float | None = Field(description="Hits of hits and misses, 0-100; null before the first.")
    entries: int = Field(description="Kept in the workers' memories.")
    bytes: int


class WorkerState(Answer):
    worker_id: UUID
    host: str
    pid: int
    attached_at: datetime.datetime
    renewed_at: datetime.datetime
    lease: str = Field(description="`held`, `attaching`, or `late`: not renewed for as long as a lease lasts.")
    memory_bytes: int
    memory_limit_bytes: int
    answers_this: bool = Field(description="Whether this worker gives this answer.")


class AuditState(Answer):
    audited: int = Field(description="Hits that were computed again and compared.")
    stale: int = Field(description="Kept answers that should not have been: more than 0 is a mistake worth reporting.")
    findings: list[AuditFinding]


class AuditFinding(Answer):
    at: datetime.datetime
    key: str
    differing: list[str]
    kept: str = Field(description="The ETag of the kept answer.")
    computed: str = Field(description="The ETag of the right one.")


class CacheState(Answer):
    model_config = example(
        {
            "prefixes": [
                {
                    "key_prefix": "drivers_list",
                    "hits": 981,
                    "misses": 19,
                    "bypasses": 0,
                    "hit_rate": 98.1,
                    "entries": 7,
                    "bytes": 181204,
                }
            ],
            "redis": {"configured": False, "usable": False},
            "workers": [],
            "audit": {"audited": 12, "stale": 0, "findings": []},
        }
    )

    prefixes: list[PrefixState] = Field(description="Sums over the workers below, since each was started.")
    redis: dict[str, Any]
    workers: list[WorkerState]
    audit: AuditState


class Cleared(Answer):
    model_config = example({"pattern": "*drivers_list*", "cleared": 7})

    pattern: str
    cleared: int = Field(description="Kept answers that were freed in this worker and in Redis.")
