"""A sign-in as a whole: nobody's costs what anybody's does, no connection waits for it, old hashes are made anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest
from argon2 import PasswordHasher
from httpx import Response

from roadlens.api.passwords import PasswordCheck, is_current, matches
from tests.support.api import PASSWORD, Api

IN_TRANSACTION = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'
"""


async def sign_in(api: Api, name: str, password: str = PASSWORD) -> Response:
    return await api.client.post("/api/v1/auth/login", json={"username": name, "password": password})


def check_with(api: Api, verify: Callable[[str, str], bool]) -> None:
    api.app.state.server = replace(api.app.state.server, passwords=PasswordCheck(verify=verify))


async def password_hash_of(api: Api, name: str) -> tuple[str, int]:
    async with api.database.read() as session:
        ((stored, epoch),) = await session.tuples(
            "SELECT password_hash, token_epoch FROM users WHERE username = :name", {"name": name}
        )
    return stored, epoch


async def test_each_failure_costs_one_check_of_the_same_kind(api: Api) -> None:
    made: list[bool] = []

    def counting(password: str, password_hash: str) -> bool:
        made.append(is_current(password_hash))
        return matches(password, password_hash)

    async with api.database.write() as session:
        await session.execute("UPDATE users SET active = false WHERE username = 'viewer'")
    check_with(api, counting)
    statements = []
    for name, password in (("nobody", PASSWORD), ("admin", "wrong"), ("viewer", PASSWORD), ("viewer", "wrong")):
        made.clear()
        with api.statements() as seen:
            assert (await sign_in(api, name, password)).status_code == 401
        assert made == [True], name
        statements.append(len(seen))
    assert max(statements) == 8


async def test_no_connection_is_held_while_the_password_is_checked(api: Api, database_url: str) -> None:
    held: list[int] = []

    def looking(password: str, password_hash: str) -> bool:
        with psycopg.connect(database_url) as connection:
            held.extend(connection.execute(IN_TRANSACTION).fetchone() or ())
        return matches(password, password_hash)

    check_with(api, looking)
    assert (await sign_in(api, "admin")).status_code == 200
    assert held == [0]


async def test_a_second_sign_in_from_the_same_place_takes_nine_statements(api: Api) -> None:
    assert (await sign_in(api, "admin")).status_code == 200
    with api.statements() as seen:
        assert (await sign_in(api, "admin")).status_code == 200
    assert len(seen) == 9


async def test_a_hash_of_older_parameters_is_made_anew_and_tokens_live_on(api: Api) -> None:
    older = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    async with api.database.write() as session:
        await session.execute("UPDATE users SET password_hash = :older WHERE username = 'admin'", {"older": older})
    assert (await sign_in(api, "admin", "wrong")).status_code == 401
    assert await password_hash_of(api, "admin") == (older, 0)
    assert (await sign_in(api, "admin")).status_code == 200
    renewed, epoch = await password_hash_of(api, "admin")
    assert renewed != older
    assert is_current(renewed)
    assert epoch == 0
    assert (await api.get("/admin/users")).status_code == 200
    assert (await sign_in(api, "admin")).status_code == 200
    assert await password_hash_of(api, "admin") == (renewed, 0)


async def test_what_happens_at_the_door_is_logged_and_no_secret_with_it(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "roadlens.api")
    for name, password in (("admin", PASSWORD), ("admin", "hunter2-wrong"), ("hunter2-as-a-name", "x")):
        await sign_in(api, name, password)
    async with api.database.write() as session:
        await session.execute("UPDATE users SET active = false WHERE username = 'viewer'")
    await sign_in(api, "viewer", PASSWORD)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("roadlens.api")]
    assert lines == [
        "User 1 has signed in, from 127.0.0.1",
        "A sign-in failed, from 127.0.0.1: another password than that of user 1",
        "A sign-in failed, from 127.0.0.1: nobody has that name",
        "A sign-in failed, from 127.0.0.1: user 2 is disabled",
    ]


async def test_refused_sign_ins_are_logged_when_there_are_too_many(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    while (await sign_in(api, "nobody", "x")).status_code != 429:
        pass
    assert (
        "Too many sign-ins have failed: one from 127.0.0.1, as a name that nobody has, is not looked at" in caplog.text
    )
