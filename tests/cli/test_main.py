"""Every command explains itself, with an example."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from roadlens.cli.main import app
from tests.support.installation import Installation

COMMANDS = [
    ["serve"],
    ["import"],
    ["doctor"],
    ["bench", "generate"],
    ["db", "upgrade"],
    ["db", "url"],
    ["users", "create"],
    ["users", "password"],
    ["devices", "list"],
    ["devices", "assign"],
]


def test_every_command_has_an_example() -> None:
    for command in COMMANDS:
        shown = CliRunner().invoke(app, [*command, "--help"])
        assert shown.exit_code == 0
        assert f"roadlens {' '.join(command)}" in shown.stdout, command
        assert "Example" in shown.stdout, command


def test_an_error_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    said = Installation(tmp_path, {"PORT": "x"}).run("db", "url", fails=True)
    assert said == "roadlens: PORT is not acceptable: it must be a whole number from 0 to 65535.\n"
