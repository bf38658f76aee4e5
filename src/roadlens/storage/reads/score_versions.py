"""Versions of the scoring: their values, which of them is active, and how far the others are."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from roadlens.domain import EVENT_TYPES
from roadlens.errors import Conflict, NotFound
from roadlens.storage.database import ReadSession

# A chunk of history is done when it has been exported and scored; what comes after is a hundredth of the work.
_VERSIONS = """
SELECT version, parameters, note, created_at, CASE
        WHEN active THEN 'active'
        WHEN state IS NULL THEN 'draft'
        WHEN state = 'switched' THEN 'retired'
        WHEN state = 'ready' THEN 'ready'
        ELSE 'rebuilding'
    END AS state,
    CASE WHEN state IN ('planning', 'exporting', 'scoring', 'rating') THEN coalesce(0.99 * (
        SELECT (count(exported_at) + count(scored_at)) / 2.0 / nullif(rebuild.chunks, 0)
        FROM rescored_chunks WHERE rescored_chunks.score_version = version), 0)::float END AS progress,
    rebuild.trips AS trips, rebuild.kept_trips AS kept_trips, rebuild.finished_at AS finished_at
FROM score_versions LEFT JOIN score_rebuilds AS rebuild ON score_version = version
"""

# Of all driving that there is, in whatever window: the means that a driver with little driving is drawn towards.
_PORTFOLIO = f"""
SELECT sum(distance_m)::bigint AS distance_m, sum(speeding_m)::bigint AS speeding_share,
    sum(night_m)::bigint AS night_share, {", ".join(f"sum({kind})::bigint AS {kind}" for kind in EVENT_TYPES)}
FROM driver_day
"""


_STANDS: Final = {
    "draft": "is a draft",
    "rebuilding": "is half rebuilt",
    "ready": "is ready",
    "active": "is the active one",
    "retired": "is retired",
}


class ScoreVersion(NamedTuple):
    """A version. `state` is draft, rebuilding, ready, active or retired.

    `progress` is the share of history that is scored while that is under way, 0 to 1. `trips` are those of the rebuild,
    `kept_trips` those of them that have no positions any more and keep their events; None before there was one.
    """

    version: int
    parameters: dict[str, Any]
    note: str | None
    created_at: datetime
    state: str
    progress: float | None
    trips: int | None
    kept_trips: int | None
    finished_at: datetime | None

    @property
    def stands(self) -> str:
        """Its state, as a sentence goes on that begins with the version."""
        return _STANDS[self.state]


async def all_versions(session: ReadSession) -> list[ScoreVersion]:
    """Every version, the oldest first."""
    return await session.rows(f"{_VERSIONS} ORDER BY version", ScoreVersion)


async def with_active(session: ReadSession, version: int) -> tuple[ScoreVersion, ScoreVersion]:
    """A version, and the active one, which may be the same.

    Raises:
        NotFound: there is no such version.
    """
    statement = f"{_VERSIONS} WHERE version = :version OR active"
    found = {each.version: each for each in await session.rows(statement, ScoreVersion, {"version": version})}
    if version not in found:
        raise NotFound(
            f"There is no score version {version}. `roadlens score versions` lists them, "
            "and so does /api/v1/admin/score-versions."
        )
    active = next((each for each in found.values() if each.state == "active"), found[version])
    return found[version], active


async def scored(session: ReadSession, version: int) -> ScoreVersion:
    """A version that all history is scored by, live or beside it: what it says of everybody can be read.

    Raises:
        NotFound: there is no such version.
        Conflict: history has not been scored by it to the end.
    """
    found, _ = await with_active(session, version)
    if found.state not in ("active", "ready"):
        raise Conflict(
            f"Version {version} {found.stands}: history has not been scored by it to the end. Run "
            f"`roadlens score rebuild {version}` first."
        )
    return found


async def portfolio(session: ReadSession) -> dict[str, int] | None:
    """Metres that all drivers have driven, above the limit and at night of it, and events; None if nobody has driven.

    The keys are `distance_m` and the names of the risk score's factors.
    """
    sums: dict[str, int] | None = await session.row(_PORTFOLIO, dict)
    return sums if sums and sums["distance_m"] else None
