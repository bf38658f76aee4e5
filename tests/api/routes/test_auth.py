"""Signing in, as JSON and as OAuth2's form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from roadlens.domain import Role
from tests.support.api import PASSWORD, Api

LOGIN = "/api/v1/auth/login"


async def test_a_token_opens_the_admin_api(api: Api) -> None:
    for response in (
        await api.client.post(LOGIN, json={"username": "Admin", "password": PASSWORD}),
        await api.client.post("/api/v1/auth/token", data={"username": "admin", "password": PASSWORD}),
    ):
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        answer = response.json()
        assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)
        assert answer["session_expires_in"] == 12 * 3600
        headers = {"Authorization": f"Bearer {answer['access_token']}"}
        assert (await api.client.get("/api/v1/admin/users", headers=headers)).status_code == 200


async def test_who_does_not_get_one(api: Api) -> None:
    async with api.database.write() as session:
        await session.execute("UPDATE users SET active = false WHERE username = 'viewer'")
    answers = set()
    for username, password in (("admin", "wrong"), ("nobody", PASSWORD), ("viewer", PASSWORD), ("admin' --", "x")):
        response = await api.client.post(LOGIN, json={"username": username, "password": password})
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        answers.add(response.text)
    assert len(answers) == 1, "an answer tells which names exist"


async def test_a_request_that_makes_no_sense(api: Api) -> None:
    for body, field in (
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b'{"username": "admin"}', "password"),
        (b'{"username": "", "password": "x"}', "username"),
        (b'{"username": "a\\u0000b", "password": "x"}', "username"),
        (b'{"username": "a\\ud800b", "password": "x"}', "username"),
        (b'{"username": ["admin"], "password": "x"}', "username"),
        (b'{"username": "admin", "password": "x", "role": "admin"}', "role"),
        (b'{"username": "admin", "password": "' + b"x" * 1001 + b'"}', "password"),
    ):
        response = await api.client.post(LOGIN, content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 422, body
        assert [error["field"] for error in response.json()["errors"]] == [field]
    for form in ({}, {"username": "admin"}, {"username": "a\0b", "password": "x"}):
        assert (await api.client.post("/api/v1/auth/token", data=form)).status_code == 422


async def test_signing_out_ends_every_token_of_one_user(api: Api) -> None:
    answer = await api.client.post(LOGIN, json={"username": "viewer", "password": PASSWORD})
    other = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await api.client.get("/api/v1/admin/users", headers=other)).status_code == 200
    out = await api.send("POST", "/auth/logout", role=Role.VIEWER)
    assert (out.status_code, out.content) == (204, b"")
    assert (await api.client.get("/api/v1/admin/users", headers=other)).status_code == 401
    assert (await api.send("POST", "/auth/logout", role=Role.VIEWER)).status_code == 401
    assert (await api.get("/admin/users", Role.ADMIN)).status_code == 200
    again = await api.client.post(LOGIN, json={"username": "viewer", "password": PASSWORD})
    new = {"Authorization": f"Bearer {again.json()['access_token']}"}
    assert (await api.client.get("/api/v1/admin/users", headers=new)).status_code == 200
    async with api.database.read() as session:
        log = await session.tuples("SELECT actor, actor_id::text = entity_id FROM audit_log WHERE action = 'sign out'")
    assert log == [("viewer", True)]


async def test_a_token_says_whose_it_is_and_until_when(api: Api) -> None:
    async with api.database.write() as session:
        await session.execute("UPDATE users SET email = 'v@example.com' WHERE username = 'viewer'")
    for role, email in ((Role.ADMIN, None), (Role.VIEWER, "v@example.com")):
        with api.statements() as statements:
            response = await api.get("/auth/me", role)
        assert len(statements) == 1
        assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
        assert "Cache-Status" not in response.headers
        me = response.json()
        left = datetime.fromisoformat(me.pop("expires_at")) - datetime.now(UTC)
        assert timedelta(minutes=59) < left <= timedelta(hours=1)
        left = datetime.fromisoformat(me.pop("session_ends_at")) - datetime.now(UTC)
        assert timedelta(hours=11, minutes=59) < left <= timedelta(hours=12)
        (listed,) = [each for each in (await api.answer("/admin/users"))["items"] if each["username"] == role.value]
        assert me == {name: listed[name] for name in ("user_id", "username", "email", "role")}
        assert me["email"] == email


async def test_a_token_is_exchanged_until_its_session_ends(api: Api) -> None:
    tokens = api.app.state.server.tokens
    began = datetime.now(UTC) - timedelta(hours=11, minutes=30)
    api.tokens[Role.VIEWER] = tokens.issue(2, 0, began)
    with api.statements() as statements:
        response = await api.send("POST", "/auth/refresh", role=Role.VIEWER)
    assert len(statements) == 1
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    answer = response.json()
    # Half an hour is left, and the next token has no more either.
    assert 1790 <= answer["expires_in"] == answer["session_expires_in"] <= 1800
    api.tokens[Role.VIEWER] = answer["access_token"]
    me = (await api.get("/auth/me", Role.VIEWER)).json()
    assert me["username"] == "viewer"
    assert datetime.fromisoformat(me["session_ends_at"]) == began.replace(microsecond=0) + timedelta(hours=12)


async def test_what_ends_tokens_ends_those_that_were_exchanged_too(api: Api) -> None:
    first = api.tokens[Role.VIEWER]
    second = (await api.send("POST", "/auth/refresh", role=Role.VIEWER)).json()["access_token"]
    assert (await api.send("POST", "/auth/logout", role=Role.VIEWER)).status_code == 204
    for token in (first, second):
        api.tokens[Role.VIEWER] = token
        assert (await api.send("POST", "/auth/refresh", role=Role.VIEWER)).status_code == 401
        assert (await api.get("/auth/me", Role.VIEWER)).status_code == 401


async def test_another_role_or_the_end_shows_at_once(api: Api) -> None:
    user = (await api.get("/auth/me", Role.VIEWER)).json()["user_id"]
    assert (await api.send("PATCH", f"/admin/users/{user}", {"role": "admin"})).status_code == 200
    assert (await api.get("/auth/me", Role.VIEWER)).json()["role"] == "admin"
    assert (await api.send("PATCH", f"/admin/users/{user}", {"active": False})).status_code == 200
    assert (await api.get("/auth/me", Role.VIEWER)).status_code == 401
