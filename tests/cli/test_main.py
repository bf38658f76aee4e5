"""Every command explains itself, with an example."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.core import TyperGroup
from typer.testing import CliRunner

from roadlens.cli.main import PLACES, Commands, app
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
    for names in COMMANDS:
        shown = CliRunner().invoke(app, [*names, "--help"])
        assert shown.exit_code == 0
        assert f"roadlens {' '.join(names)}" in shown.stdout, names
        assert "Example" in shown.stdout, names


def test_a_paragraph_of_help_is_broken_by_the_terminal_alone() -> None:
    texts = [text for command in Commands().values() for text in explained(command)]
    assert len(texts) > len(COMMANDS)
    assert [text for text in texts if any("\n" in each and each[0] != " " for each in text.split("\n\n"))] == []


def explained(command: Any) -> Iterator[str]:
    yield command.help
    for inner in command.commands.values() if isinstance(command, TyperGroup) else ():
        yield from explained(inner)


def test_a_command_that_needs_no_api_does_not_load_it() -> None:
    without = sorted(set(PLACES) - {"serve", "reload", "cache"})
    load = f"import sys; from roadlens.cli.main import Commands; [Commands()[name] for name in {without}]"
    program = f"{load}; print(sorted({{'fastapi', 'uvicorn', 'roadlens.app'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_error_is_one_line_without_a_traceback(tmp_path: Path) -> None:
    said = Installation(tmp_path, {"PORT": "x"}).run("db", "url", fails=True)
    assert said == "roadlens: PORT is not acceptable: it must be a whole number from 0 to 65535.\n"
