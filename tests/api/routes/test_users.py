"""The list of users tells nothing that opens a door."""

from __future__ import annotations

from tests.support.api import Api


async def test_users_by_pages(api: Api) -> None:
    with api.statements() as seen:
        first = await api.answer("/admin/users", limit=1)
    second = await api.answer("/admin/users", limit=1, after=first["next"])
    assert len(seen) == 2
    assert [user["username"] for user in first["items"] + second["items"]] == ["admin", "viewer"]
    assert first["items"][0].keys() == {"user_id", "username", "email", "role", "active", "created_at", "version"}
    assert second["next"] is None
