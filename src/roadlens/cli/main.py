"""The command line's table of contents, and the one place where an error becomes a line on stderr."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections import UserDict
from collections.abc import Callable, Iterator
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from roadlens.errors import RoadlensError
from roadlens.observability import log

# Where each command or verb group is. It is loaded when it is asked for: the whole API takes a second, and most
# commands need nothing of it.
PLACES: Final = {
    "serve": "serve:serve",
    "reload": "reload:reload",
    "import": "imports:import_files",
    "demo": "demo:demo",
    "doctor": "doctor:doctor",
    "health": "health:health",
    "audit": "audit:app",
    "bench": "bench:app",
    "cache": "cache:app",
    "db": "db:app",
    "devices": "devices:app",
    "drivers": "drivers:app",
    "score": "score:app",
    "tokens": "tokens:app",
    "users": "users:app",
}


class Commands(UserDict[str, Any]):
    """All of them by name, each loaded when it is first looked at."""

    def __missing__(self, name: str) -> TyperCommand | TyperGroup:
        module, _, which = PLACES[name].partition(":")
        found = getattr(importlib.import_module(f"roadlens.cli.{module}"), which)
        command = typer.main.get_group(found) if isinstance(found, typer.Typer) else _alone(found)
        command.name = name
        _flow(command)
        self.data[name] = command
        return command

    def __contains__(self, name: object) -> bool:
        return name in PLACES

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)


class _Whole(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = Commands()


app = typer.Typer(
    name="roadlens",
    cls=_Whole,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback()
def roadlens() -> None:
    """A self-hosted driver-risk server. docs/settings.md lists the environment variables that all commands heed."""


def main() -> None:
    try:
        typer.main.get_command(app)()
    except RoadlensError as error:
        detail = " ".join(error.detail.split())
        if not log.ended(detail):
            print(f"roadlens: {detail}", file=sys.stderr)
        sys.exit(1)


def _alone(command: Callable[..., None]) -> TyperCommand:
    """A command that belongs to no group."""
    one = typer.Typer(add_completion=False)
    one.command()(command)
    made = typer.main.get_command(one)
    assert isinstance(made, TyperCommand)
    return made


def _flow(command: TyperCommand | TyperGroup) -> None:
    """Make the lines of a paragraph one in its help, which a terminal then breaks where it ends."""
    if command.help:
        paragraphs = inspect.cleandoc(command.help).split("\n\n")
        command.help = "\n\n".join(each if each.startswith(" ") else " ".join(each.split()) for each in paragraphs)
    for inner in command.commands.values() if isinstance(command, TyperGroup) else ():
        assert isinstance(inner, TyperCommand | TyperGroup)
        _flow(inner)
