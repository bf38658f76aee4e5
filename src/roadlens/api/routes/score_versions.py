"""What scores, and what might: versions of thresholds, weights and means. They are made on the command line."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path

from roadlens import freshness
from roadlens.api.dependencies import Reading
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.schemas.score_versions import ScoreVersionDetail, ScoreVersionLine, ScoreVersions
from roadlens.api.security import may_view
from roadlens.storage.reads import score_versions

router = APIRouter(
    prefix="/admin/score-versions", tags=["scoring"], dependencies=[may_view], responses=problems(*GUARDED)
)


@router.get("")
@freshness.score_versions_list
async def list_score_versions(session: Reading) -> ScoreVersions:
    """Every version with its state and what differs from the active one, the oldest first."""
    found = await score_versions.all_versions(session)
    active = next((each for each in found if each.state == "active"), None)
    return ScoreVersions(items=[ScoreVersionLine.of(each, active or each) for each in found])


@router.get("/{version}", responses=problems(HTTPStatus.NOT_FOUND))
@freshness.score_version_detail
async def get_score_version(
    session: Reading, version: Annotated[int, Path(ge=1, le=2_147_483_647)]
) -> ScoreVersionDetail:
    """One version: every value beside the active one's, with unit and source, and what classes of vehicles have."""
    return ScoreVersionDetail.of(*await score_versions.with_active(session, version))
