"""The demonstration fleet, from the terminal."""

from __future__ import annotations

from pathlib import Path

import typer
from typer.testing import CliRunner

from roadlens.cli.demo import demo
from tests.support.installation import Installation
from tests.support.postgres import EMPTY, Server


def test_it_fills_and_the_second_time_finds_everything_there(postgres: Server, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(demo)
    with postgres.copy_of(EMPTY) as url:
        environment = Installation(tmp_path, {"DATABASE_URL": url}).environment
        said: list[str] = []
        # Now and then a drive of the fleet has ended since the run before, and is added.
        while len(said) < 2 or ("\nkept 0 positions" not in said[-1] and len(said) < 10):
            said.append(CliRunner().invoke(app, ["--drivers", "4", "--days", "3"], env=environment).stdout)
    assert said[0].startswith("added 4 drivers\nkept ")
    kept = sum(int(each.split("kept ")[1].split(" ")[0].replace(",", "")) for each in said)
    assert said[-1] == (
        "added 0 drivers\n"
        "kept 0 positions: 0 new trips with 0 safety events\n"
        f"dropped {kept:,} positions that were there before\n"
    )
