"""The cache as administrators see it."""

from __future__ import annotations

import datetime
from typing import Any, Literal
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


class PrefixHistory(Answer):
    """How often within each step, the oldest first. All prefixes have as many steps."""

    key_prefix: str
    hits: list[int]
    misses: list[int]


class CacheHistory(Answer):
    step_s: int = Field(description="Seconds that a step lasts.")
    until: datetime.datetime = Field(description="When the last step ended.")
    prefixes: list[PrefixHistory] = Field(description="Those that anybody asked for within the hour.")


class Invalidation(Answer):
    at: datetime.datetime
    cause: Literal["clear", "edit", "other"] = Field(
        description="`clear`: by hand; `edit`: rows changed, by whomever; `other`: such as a new schema."
    )
    tables: list[str] = Field(description="What changed, as tags name it: `drivers`, `assignments`, …")
    tags: list[str]
    more: int = Field(description="How many tags are left out.")


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
            "history": {
                "step_s": 10,
                "until": "2026-05-04T16:20:10Z",
                "prefixes": [{"key_prefix": "drivers_list", "hits": [0, 12, 9], "misses": [1, 0, 0]}],
            },
            "invalidations": [
                {
                    "at": "2026-05-04T16:20:03Z",
                    "cause": "edit",
                    "tables": ["drivers"],
                    "tags": ["driver:DRV-0001", "drivers"],
                    "more": 0,
                }
            ],
        }
    )

    prefixes: list[PrefixState] = Field(description="Sums over the workers below, since each was started.")
    redis: dict[str, Any]
    workers: list[WorkerState]
    audit: AuditState
    history: CacheHistory = Field(
        description="The last hour of all workers of this server, as the worker recorded it that gives this answer."
    )
    invalidations: list[Invalidation] = Field(
        description="The last 50 changes that the worker heard of which gives this answer, the newest first."
    )


class Cleared(Answer):
    model_config = example({"pattern": "*drivers_list*", "cleared": 7})

    pattern: str
    cleared: int = Field(description="Kept answers that were freed in this worker and in Redis.")


class Reach(Answer):
    model_config = example({"pattern": "*drivers_list*", "prefixes": ["drivers_list"], "of": 15})

    pattern: str
    prefixes: list[str] = Field(description="All that is kept under these would be unreachable.")
    of: int = Field(description="How many prefixes there are.")
