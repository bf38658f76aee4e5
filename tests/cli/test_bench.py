"""A generated portfolio, from the terminal."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from roadlens.cli.main import app
from tests.support.installation import Installation
from tests.support.postgres import EMPTY, Server

GENERATE = ["bench", "generate", "--drivers", "20", "--trips-per-driver", "10"]


def test_it_generates_once_and_the_doctor_agrees(postgres: Server, tmp_path: Path) -> None:
    with postgres.copy_of(EMPTY) as url:
        environment = Installation(tmp_path, {"DATABASE_URL": url}).environment
        first, second = (CliRunner().invoke(app, GENERATE, env=environment).stdout for _ in range(2))
        examined = CliRunner().invoke(app, ["doctor"], env=environment)
    assert re.fullmatch(r"20 drivers with 200 trips and \d+ safety events up to \d{4}-\d\d-\d\d\n", first)
    assert second == "this portfolio is there already\n" + first
    assert examined.exit_code == 0


def test_other_trips_are_said_in_one_line(postgres: Server, tmp_path: Path) -> None:
    with postgres.copy_of(EMPTY) as url:
        installation = Installation(tmp_path, {"DATABASE_URL": url})
        CliRunner().invoke(app, ["demo", "--drivers", "3", "--days", "3"], env=installation.environment)
        said = installation.run(*GENERATE, fails=True)
    assert said.startswith("roadlens: This database has trips already")
    assert said.count("\n") == 1
