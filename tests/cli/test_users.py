"""Users made and changed on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from roadlens.api.passwords import matches
from roadlens.cli.main import app
from roadlens.cli.operator import operator
from roadlens.errors import Conflict, InvalidInput, NotFound
from tests.support.installation import Installation

PASSWORD = "correct horse"


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Installation:
    return Installation(tmp_path, {"DATABASE_URL": database_url, "ROADLENS_ADMIN_PASSWORD": ""})


def users(installation: Installation, *arguments: str, password: str = PASSWORD) -> Result:
    command = ["users", *arguments, "--password-stdin"]
    return CliRunner().invoke(app, command, env=installation.environment, input=f"{password}\n")


def rows(installation: Installation, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(installation.settings["DATABASE_URL"]) as connection:
        return connection.execute(statement).fetchall()


def test_make_a_user_and_change_the_password(installation: Installation) -> None:
    made = users(installation, "create", "ada", "--role", "viewer", "--email", "ada@example.com")
    assert (made.exit_code, made.stdout) == (0, "ada can sign in as viewer.\n")
    changed = users(installation, "password", "ADA", password="battery staple")
    assert (changed.exit_code, changed.stdout) == (0, "ADA has a new password; tokens from before are void.\n")

    ((user_id, role, password_hash, epoch),) = rows(
        installation, "SELECT user_id, role, password_hash, token_epoch FROM users WHERE username = 'ada'"
    )
    assert (role, epoch) == ("viewer", 1)
    assert matches("battery staple", password_hash)
    log = rows(installation, "SELECT actor, action, entity, entity_id, after FROM audit_log ORDER BY audit_id")
    assert log == [
        (
            *(operator().name, "create", "user", str(user_id)),
            {"user_id": user_id, "username": "ada", "email": "ada@example.com", "role": "viewer", "active": True},
        ),
        (operator().name, "password", "user", str(user_id), None),
    ]


def test_a_new_password_of_the_admin_replaces_the_generated_one(installation: Installation) -> None:
    generated = installation.data_dir / "admin-password"
    generated.write_text("generated")
    users(installation, "create", "ada", "--role", "viewer")
    users(installation, "create", "admin", "--role", "admin")
    assert users(installation, "password", "ada").exit_code == 0
    assert generated.exists()
    assert users(installation, "password", "Admin").exit_code == 0
    assert not generated.exists()


def test_what_is_refused(installation: Installation) -> None:
    users(installation, "create", "ada", "--role", "viewer", "--email", "lovelace@example.com")
    for done, error, said in (
        (users(installation, "password", "ADA", password="Lovelace-example-1"), InvalidInput, "hardly more"),
        (users(installation, "create", "ADA", "--role", "admin"), Conflict, 'already a user named "ADA"'),
        (users(installation, "create", "bo", "--role", "viewer", password="short"), InvalidInput, "at least 12"),
        (users(installation, "create", "bo", "--role", "viewer", password="qwertyuiop123"), InvalidInput, "stolen"),
        (users(installation, "password", "ada", password="roadlens-ada-2026"), InvalidInput, "hardly more than a name"),
        (users(installation, "create", " ", "--role", "viewer"), InvalidInput, "must not be empty"),
        (users(installation, "create", "bo", "--role", "viewer", "--email", "x"), InvalidInput, "not an e-mail"),
        (users(installation, "password", "nobody"), NotFound, 'no user named "nobody"'),
    ):
        assert isinstance(done.exception, error)
        assert said in str(done.exception)
    assert users(installation, "create", "bo", "--role", "god").exit_code == 2
