"""Ingest tokens made, revoked and listed on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from roadlens.api.ingest_tokens import PREFIX, digest
from roadlens.cli.main import app
from roadlens.cli.operator import operator
from roadlens.errors import Conflict, InvalidInput, NotFound
from tests.support.installation import Installation


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Installation:
    return Installation(tmp_path, {"DATABASE_URL": database_url})


def tokens(installation: Installation, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["tokens", *arguments], env=installation.environment)


def rows(installation: Installation, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(installation.settings["DATABASE_URL"]) as connection:
        return connection.execute(statement).fetchall()


def test_a_token_is_printed_alone_and_kept_as_a_digest(installation: Installation) -> None:
    made = tokens(installation, "create", "traccar")
    token = made.stdout.removesuffix("\n")
    assert made.exit_code == 0
    assert token.startswith(PREFIX)
    assert len(token) == len(PREFIX) + 43
    ((token_id, name, kept),) = rows(installation, "SELECT token_id, name, digest FROM ingest_tokens")
    assert (name, kept) == ("traccar", digest(token))
    assert tokens(installation, "create", "van").stdout != made.stdout
    log = rows(installation, "SELECT actor, action, entity, entity_id, after FROM audit_log ORDER BY audit_id LIMIT 1")
    assert log == [(operator().name, "create", "ingest_token", str(token_id), {"name": "traccar"})]


def test_a_revoked_token_stays_on_the_list(installation: Installation) -> None:
    tokens(installation, "create", "traccar")
    tokens(installation, "create", "phone of Ada")
    assert tokens(installation, "revoke", "traccar").stdout == "traccar is revoked.\n"
    first, second = tokens(installation, "list").stdout.splitlines()
    assert first.startswith("phone of Ada\tcreated 2")
    assert first.endswith("\tgood")
    assert "\trevoked 2" in second
    assert rows(installation, "SELECT action FROM audit_log ORDER BY audit_id DESC LIMIT 1") == [("revoke",)]


def test_what_cannot_be_done(installation: Installation) -> None:
    tokens(installation, "create", "traccar")
    assert isinstance(tokens(installation, "create", "traccar").exception, Conflict)
    assert isinstance(tokens(installation, "revoke", "nobody").exception, NotFound)
    tokens(installation, "revoke", "traccar")
    assert isinstance(tokens(installation, "revoke", "traccar").exception, NotFound)
    assert isinstance(tokens(installation, "create", "traccar").exception, Conflict)
    for name in ("", " van", "van ", "a\nb", "x" * 101):
        assert isinstance(tokens(installation, "create", name).exception, InvalidInput)
