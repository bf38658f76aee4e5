"""Users."""

from __future__ import annotations

from fastapi import APIRouter

from roadlens.api.dependencies import Reading, State
from roadlens.api.openapi import GUARDED, problems
from roadlens.api.parameters import After, Limit
from roadlens.api.schemas.users import User, UserPage
from roadlens.api.security import may_view
from roadlens.storage.reads import users

router = APIRouter(prefix="/admin/users", tags=["users"], dependencies=[may_view], responses=problems(*GUARDED))


@router.get("")
async def list_users(session: Reading, state: State, *, limit: Limit = 100, after: After = None) -> UserPage:
    """Users, oldest first."""
    scope = ("users",)
    position = 0 if after is None else int(state.cursors.open(scope, after)[0])
    found = await users.page(session, after=position, limit=limit + 1)
    page, following = state.cursors.cut(scope, found, limit, lambda user: [str(user.user_id)])
    return UserPage(items=[User.model_validate(user) for user in page], next=following)
