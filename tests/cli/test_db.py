"""The database's schema and address, on the terminal."""

from __future__ import annotations

from pathlib import Path

import psycopg
from typer.testing import CliRunner

from roadlens.cli.main import app
from roadlens.storage import migrate
from tests.support.installation import Installation
from tests.support.postgres import EMPTY, Server


def test_upgrade_and_url_of_a_database_that_is_given(postgres: Server, tmp_path: Path) -> None:
    with postgres.copy_of(EMPTY) as url:
        installation = Installation(tmp_path, {"DATABASE_URL": url})
        for command, said in (
            ("upgrade", f"The database has schema {migrate.head()}, the newest.\n"),
            ("upgrade", f"The database has schema {migrate.head()}, the newest.\n"),
            ("url", f"{url}\n"),
        ):
            assert CliRunner().invoke(app, ["db", command], env=installation.environment).stdout == said
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(migrate.head(),)]


def test_without_a_running_database_the_address_is_an_error(tmp_path: Path) -> None:
    said = Installation(tmp_path / "none").run("db", "url", fails=True)
    assert said.startswith("roadlens: No database runs in ")
    assert "roadlens serve" in said
    assert not (tmp_path / "none").exists()
