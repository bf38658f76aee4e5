"""Users made, changed and disabled by an admin; passwords by an admin and by oneself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from roadlens.domain import Role
from tests.support.api import PASSWORD, Api

ADMIN, VIEWER = 1, 2
NEW = "another horse, another staple"


async def sign_in(api: Api, username: str, password: str) -> str | None:
    """A token, or None."""
    answer = await api.client.post("/api/v1/auth/login", json={"username": username, "password": password})
    token: str | None = answer.json().get("access_token")
    return token


async def works(api: Api, token: str | None) -> bool:
    answer = await api.client.get("/api/v1/admin/users", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200


async def test_a_new_user_can_sign_in(api: Api) -> None:
    body = {"username": " bo ", "password": NEW, "role": "viewer", "email": "bo@example.com"}
    made = await api.send("POST", "/admin/users", body)
    assert made.status_code == 201, made.text
    assert made.json() == await api.answer("/admin/users/3")
    assert (made.json()["username"], made.json()["role"], made.json()["active"]) == ("bo", "viewer", True)
    assert await works(api, await sign_in(api, "BO", NEW))
    (entry,) = (await api.answer("/admin/audit", entity="user", entity_id="3", action="create"))["items"]
    assert entry["after"] == {
        "user_id": 3,
        "username": "bo",
        "email": "bo@example.com",
        "role": "viewer",
        "active": True,
    }
    taken = await api.send("POST", "/admin/users", body)
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (409, "username")


async def test_a_new_role_holds_from_the_next_request_on(api: Api) -> None:
    assert (await api.send("POST", "/admin/drivers", {}, Role.VIEWER)).status_code == 403
    patched = await api.send("PATCH", f"/admin/users/{VIEWER}", {"role": "admin"})
    assert (patched.status_code, patched.json()["role"]) == (200, "admin")
    assert (await api.send("POST", "/admin/drivers", {}, Role.VIEWER)).status_code == 422
    entry = (await api.answer("/admin/audit", entity="user", entity_id=VIEWER))["items"][0]
    assert (entry["before"], entry["after"]) == ({"role": "viewer"}, {"role": "admin"})
    assert (entry["actor"], entry["actor_id"]) == ("admin", ADMIN)


async def test_a_disabled_user_s_tokens_end_for_good(api: Api) -> None:
    token = await sign_in(api, "viewer", PASSWORD)
    assert (await api.send("PATCH", f"/admin/users/{VIEWER}", {"active": False})).status_code == 200
    assert not await works(api, token)
    assert await sign_in(api, "viewer", PASSWORD) is None
    assert (await api.send("PATCH", f"/admin/users/{VIEWER}", {"active": True})).status_code == 200
    assert not await works(api, token), "a token from before must not come back to life"
    assert await works(api, await sign_in(api, "viewer", PASSWORD))


async def test_the_last_admin_stays_and_nobody_steps_down_alone(api: Api) -> None:
    for change in ({"active": False}, {"role": "viewer"}):
        answer = await api.send("PATCH", f"/admin/users/{ADMIN}", change)
        assert (answer.status_code, "last active admin" in answer.json()["detail"]) == (409, True)
        assert [error["field"] for error in answer.json()["errors"]] == list(change)
    await api.send("PATCH", f"/admin/users/{VIEWER}", {"role": "admin"})
    for change in ({"active": False}, {"role": "viewer"}):
        answer = await api.send("PATCH", f"/admin/users/{ADMIN}", change)
        assert (answer.status_code, "another admin" in answer.json()["detail"]) == (409, True)
        assert [error["field"] for error in answer.json()["errors"]] == list(change)
    assert (await api.send("PATCH", f"/admin/users/{ADMIN}", {"email": "a@example.com"})).status_code == 200
    assert (await api.send("PATCH", f"/admin/users/{ADMIN}", {"active": False}, Role.VIEWER)).status_code == 200


async def test_two_admins_cannot_disable_each_other(api: Api) -> None:
    for _ in range(10):
        async with api.database.write() as session:
            await session.execute("UPDATE users SET role = 'admin', active = true, token_epoch = 0")
        answers = await asyncio.gather(
            api.send("PATCH", f"/admin/users/{VIEWER}", {"active": False}, Role.ADMIN),
            api.send("PATCH", f"/admin/users/{ADMIN}", {"role": "viewer"}, Role.VIEWER),
        )
        assert min(answer.status_code for answer in answers) == 200
        async with api.database.read() as session:
            assert await session.value("SELECT count(*) FROM users WHERE active AND role = 'admin'") == 1


async def test_an_admin_gives_another_password(api: Api) -> None:
    token = await sign_in(api, "viewer", PASSWORD)
    answer = await api.send("POST", f"/admin/users/{VIEWER}/password", {"password": NEW})
    assert (answer.status_code, answer.content) == (204, b"")
    assert not await works(api, token)
    assert await sign_in(api, "viewer", PASSWORD) is None
    assert await works(api, await sign_in(api, "viewer", NEW))
    assert (await api.send("POST", "/admin/users/99/password", {"password": NEW})).status_code == 404
    log = (await api.answer("/admin/audit", entity="user", entity_id=VIEWER))["items"]
    said = [(entry["action"], entry["before"], entry["after"]) for entry in log]
    assert said.count(("password", None, None)) == 1
    assert "argon2" not in str(log)


async def test_one_s_own_password(api: Api) -> None:
    old = api.tokens[Role.VIEWER]
    body = {"current": PASSWORD, "new": NEW}
    answer = await api.send("POST", "/auth/password", body, Role.VIEWER)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert await works(api, answer.json()["access_token"]), "who changed it stays signed in"
    assert not await works(api, old), "others do not"
    assert await works(api, await sign_in(api, "viewer", NEW))
    (entry,) = (await api.answer("/admin/audit", entity="user", entity_id=VIEWER, action="password"))["items"]
    assert (entry["actor"], entry["actor_id"]) == ("viewer", VIEWER)


async def test_one_s_own_password_needs_the_current_one(api: Api) -> None:
    answer = await api.send("POST", "/auth/password", {"current": "wrong", "new": NEW}, Role.VIEWER)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "current")
    assert await works(api, api.tokens[Role.VIEWER])


async def test_a_new_password_is_looked_at_wherever_one_is_set(api: Api) -> None:
    answer = await api.send("POST", "/auth/password", {"current": PASSWORD, "new": "roadlens viewer 1"}, Role.VIEWER)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "new")
    answer = await api.send("POST", f"/admin/users/{VIEWER}/password", {"password": "Viewer-Viewer-1"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "password")
    assert await works(api, await sign_in(api, "viewer", PASSWORD))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"username": "  "}, "username"),
        ({"username": "a\0b"}, "username"),
        ({"password": "short"}, "password"),
        ({"password": "a\0" * 8}, "password"),
        ({"password": "passwordpassword"}, "password"),
        ({"username": "ada.lovelace", "password": "Ada.Lovelace-1815"}, "password"),
        ({"email": "fleet@example.com", "password": "example fleet 1"}, "password"),
        ({"role": "god"}, "role"),
        ({"email": "x"}, "email"),
        ({"active": True}, "active"),
    ],
)
async def test_what_is_wrong_is_named(api: Api, wrong: dict[str, Any], field: str) -> None:
    answer = await api.send("POST", "/admin/users", {"username": "bo", "password": NEW, "role": "viewer"} | wrong)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("wrong", [{"role": None}, {"active": None}, {"active": "no"}, {"password": NEW}, {"role": 1}])
async def test_a_patch_that_cannot_be_is_named(api: Api, wrong: dict[str, Any]) -> None:
    answer = await api.send("PATCH", f"/admin/users/{VIEWER}", wrong)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == list(wrong)
    assert NEW not in answer.text


async def test_an_admin_s_own_password_needs_the_current_one_too(api: Api) -> None:
    """Otherwise whoever finds an open tab, or a token, has the account for good."""
    answer = await api.send("POST", f"/admin/users/{ADMIN}/password", {"password": NEW})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "user_id")
    assert "/auth/password" in answer.json()["detail"]
    assert await works(api, await sign_in(api, "admin", PASSWORD))
