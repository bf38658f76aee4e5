"""The cache: how it does, and an operator's way to throw away what it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from roadlens.api.cache_state import state_of
from roadlens.api.dependencies import Reading, State
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.origin import From
from roadlens.api.schemas.answer import Text
from roadlens.api.schemas.cache import CacheState, Cleared, Reach
from roadlens.api.security import admit, may_view, token_claims
from roadlens.api.tokens import Claims
from roadlens.cache.clearing import prefixes_of
from roadlens.cache.report import report
from roadlens.domain import Audience
from roadlens.storage.reads import cache_state
from roadlens.storage.writes import audit, cache_tags

router = APIRouter(prefix="/admin/cache", tags=["cache"], responses=problems(*GUARDED))

Pattern = Annotated[
    Text, Query(min_length=1, max_length=500, description="Of keys: `*`, `?` and `[…]`, such as `*drivers_list*`.")
]


@router.get("", dependencies=[may_view])
async def get_cache(session: Reading, state: State) -> CacheState:
    """Hits, misses and what is kept by key prefix, now and over the hour; Redis; workers and leases; what changed."""
    workers = await cache_state.workers(session)
    now = report(state.cache, state.audit)
    redis = await state.cache.shared.describe()
    return state_of(workers, state.worker(), now, redis, state.history.hour(), state.changes.last())


@router.get("/reach", dependencies=[may_view])
async def get_reach(state: State, pattern: Pattern = "*") -> Reach:
    """What clearing with this pattern would make unreachable. Nothing is cleared."""
    known = state.clearing.prefixes
    return Reach(pattern=pattern, prefixes=sorted(prefixes_of(pattern, known)), of=len(known))


@router.post("/clear")
async def clear_cache(
    claims: Annotated[Claims, Depends(token_claims)],
    state: State,
    origin: From,
    pattern: Pattern = "*",
) -> Cleared:
    """Throw away what is kept under keys that match, on all workers. Edits never need it."""

    async def raise_tags(tags: Sequence[str]) -> None:
        async with state.database.write() as session:
            holder = await admit(session, claims, Audience.ADMINS)
            await cache_tags.raise_tags(session, tags)
            await audit.record(session, origin.of(holder), "clear", "cache", pattern, None, {"tags": list(tags)})

    return Cleared(pattern=pattern, cleared=await state.clearing.invalidate_cache_pattern(pattern, raise_tags))
