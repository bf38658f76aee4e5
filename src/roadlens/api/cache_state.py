"""The state of the cache for people: what the workers have told with their leases, and what this one knows now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from roadlens.api.schemas.cache import (
    AuditState,
    CacheHistory,
    CacheState,
    Invalidation,
    PrefixHistory,
    PrefixState,
    WorkerState,
)
from roadlens.cache.changes import Change
from roadlens.cache.history import STEP_S, Hour
from roadlens.cache.report import summed
from roadlens.storage.change_feed.lease import LEASE_S
from roadlens.storage.reads.cache_state import Worker


def state_of(
    workers: Sequence[Worker],
    this: UUID | None,
    now: Mapping[str, Any],
    redis: Mapping[str, object],
    hour: Hour,
    changes: Sequence[Change],
) -> CacheState:
    """The sums over all workers; of `this` one what it counts `now` instead of what it told last."""
    told = {worker.worker_id: now if worker.worker_id == this else worker.counts for worker in workers}
    # A worker that is not attached just now has no lease, and answers all the same.
    reports = [*told.values(), *([now] if this not in told else [])]
    audits = [report["audit"] for report in reports if "audit" in report]
    findings = [finding for audit in audits for finding in audit["findings"]]
    return CacheState(
        prefixes=[_prefix(name, counts) for name, counts in summed(reports).items()],
        redis=dict(redis),
        workers=[_worker(worker, told[worker.worker_id], worker.worker_id == this) for worker in workers],
        audit=AuditState.model_validate(
            {
                "audited": sum(audit["done"] for audit in audits),
                "stale": sum(audit["stale"] for audit in audits),
                "findings": sorted(findings, key=lambda finding: str(finding["at"]), reverse=True),
            }
        ),
        history=_history(hour),
        invalidations=[Invalidation.model_validate(change) for change in changes],
    )


def _prefix(name: str, counts: Mapping[str, int]) -> PrefixState:
    asked = counts["hits"] + counts["misses"]
    return PrefixState.model_validate(
        {"key_prefix": name, **counts, "hit_rate": round(100 * counts["hits"] / asked, 2) if asked else None}
    )


def _history(hour: Hour) -> CacheHistory:
    prefixes = [
        PrefixHistory(key_prefix=prefix, hits=[step.hits for step in steps], misses=[step.misses for step in steps])
        for prefix, steps in hour.prefixes.items()
    ]
    return CacheHistory(step_s=STEP_S, until=hour.until, prefixes=prefixes)


def _worker(worker: Worker, told: Mapping[str, Any], this: bool) -> WorkerState:
    memory = told.get("memory", {})
    lease = "held" if worker.attached else "attaching"
    return WorkerState(
        worker_id=worker.worker_id,
        host=worker.host,
        pid=worker.pid,
        attached_at=worker.attached_at,
        renewed_at=worker.renewed_at,
        lease="late" if worker.silent_s > LEASE_S else lease,
        memory_bytes=memory.get("used", 0),
        memory_limit_bytes=memory.get("limit", 0),
        answers_this=this,
    )
