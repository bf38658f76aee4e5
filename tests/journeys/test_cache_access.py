"""Who may not ask any more is refused by the very next answer of every worker, whatever it has kept and remembered."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import psycopg
import pytest

from tests.support.pair import Pair

SUMMARY = "/admin/dashboard/summary"
PASSWORD = "a password that is long enough"
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class User:
    user_id: int
    token: str


def sign_in(pair: Pair, username: str) -> str:
    answer = pair.workers[0].ask("POST", "/auth/login", body={"username": username, "password": PASSWORD})
    token: str = answer.json()["access_token"]
    return token


@pytest.fixture
def user(pair: Pair) -> User:
    """Somebody whom every worker has answered from its cache."""
    username = f"user-{next(NUMBERS)}"
    body = {"username": username, "role": "admin", "password": PASSWORD}
    made = pair.workers[0].edit("POST", "/admin/users", body)
    token = sign_in(pair, username)
    for worker in pair.workers:
        for _ in range(2):
            worker.verdict(SUMMARY, token)
        assert "hit" in worker.verdict(SUMMARY, token)
    return User(made["user_id"], token)


def refused(pair: Pair, user: User) -> None:
    """By both workers, in each way of asking, though both would answer others from what they keep."""
    etag = pair.workers[0].get(SUMMARY).headers["ETag"]
    for worker in reversed(pair.workers):
        for answer in (
            worker.get(SUMMARY, token=user.token),
            worker.ask("HEAD", SUMMARY, token=user.token),
            worker.get(SUMMARY, token=user.token, If_None_Match=etag),
            worker.get("/admin/drivers/DRV-0001", token=user.token),
            worker.get("/admin/cache", token=user.token),
        ):
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert "Cache-Status" not in answer.headers
            assert "ETag" not in answer.headers
        assert "hit" in worker.verdict(SUMMARY)


def by_an_admin(pair: Pair, user: User) -> None:
    pair.workers[0].edit("PATCH", f"/admin/users/{user.user_id}", {"active": False})


def by_another_password(pair: Pair, user: User) -> None:
    body = {"password": f"{PASSWORD} too"}
    pair.workers[1].edit("POST", f"/admin/users/{user.user_id}/password", body)


def by_the_user(pair: Pair, user: User) -> None:
    assert pair.workers[1].ask("POST", "/auth/logout", token=user.token).status_code == 204


def by_a_command(pair: Pair, user: User) -> None:
    name = pair.workers[0].json(f"/admin/users/{user.user_id}")["username"]
    pair.installation.run("users", "password", name, "--password-stdin", typed=f"{PASSWORD} too\n")


@pytest.mark.parametrize("ended", [by_an_admin, by_another_password, by_the_user, by_a_command])
def test_who_has_been_shut_out_is_refused_at_once(pair: Pair, user: User, ended: Callable[[Pair, User], None]) -> None:
    ended(pair, user)
    refused(pair, user)


def test_a_user_who_may_come_back_signs_in_anew(pair: Pair, user: User) -> None:
    by_an_admin(pair, user)
    pair.workers[1].edit("PATCH", f"/admin/users/{user.user_id}", {"active": True})
    refused(pair, user)
    name = pair.workers[0].json(f"/admin/users/{user.user_id}")["username"]
    token = sign_in(pair, name)
    assert [worker.get(SUMMARY, token=token).status_code for worker in pair.workers] == [200, 200]


def test_a_role_that_was_taken_away_holds_nowhere(pair: Pair, user: User) -> None:
    clear = "/admin/cache/clear?pattern=nothing-of-this-name"
    assert pair.workers[1].ask("POST", clear, token=user.token).status_code == 200
    pair.workers[0].edit("PATCH", f"/admin/users/{user.user_id}", {"role": "viewer"})
    for worker in reversed(pair.workers):
        assert worker.ask("POST", clear, token=user.token).status_code == 403
        assert worker.get(SUMMARY, token=user.token).status_code == 200


def test_sql_shuts_out_as_well(pair: Pair, user: User) -> None:
    url = pair.installation.settings["DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE users SET active = false WHERE user_id = %s", (user.user_id,))
    # It is announced with the commit, not waited for. An edit that is answered after it comes after it everywhere.
    pair.workers[0].edit("PATCH", "/admin/vehicles/VEH-0004", {"name": f"Van {next(NUMBERS)}"})
    refused(pair, user)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer a.b.c", "Basic YWRtaW46YWRtaW4="])
def test_without_a_token_there_is_no_hit(pair: Pair, header: str) -> None:
    for worker in pair.workers:
        etag = worker.get(SUMMARY).headers["ETag"]
        for method in ("GET", "HEAD"):
            answer = httpx.request(
                method,
                str(worker.base_url.join(SUMMARY.lstrip("/"))),
                headers={"Authorization": header, "If-None-Match": etag},
                timeout=120,
            )
            assert answer.status_code == 401
            assert "ETag" not in answer.headers


def test_an_etag_is_the_same_at_both_workers_and_of_one_address(pair: Pair) -> None:
    one, two = pair.workers
    for path in (SUMMARY, "/admin/drivers", "/admin/drivers/DRV-0001", "/admin/vehicles"):
        etag = one.get(path).headers["ETag"]
        same = two.get(path, If_None_Match=etag)
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
        assert two.get("/admin/dashboard/stats", If_None_Match=etag).status_code == 200
    etag = one.get("/admin/drivers?limit=2").headers["ETag"]
    assert two.get("/admin/drivers?limit=3", If_None_Match=etag).status_code == 200
