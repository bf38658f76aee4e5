"""The command line's table of contents, and the one place where an error becomes a line on stderr."""

from __future__ import annotations

import inspect
import sys

import typer
from typer.core import TyperCommand, TyperGroup

from roadlens.cli import (
    audit,
    bench,
    cache,
    db,
    demo,
    devices,
    doctor,
    drivers,
    health,
    imports,
    reload,
    score,
    serve,
    tokens,
    users,
)
from roadlens.errors import RoadlensError
from roadlens.observability import log

app = typer.Typer(
    name="roadlens",
    help="A self-hosted driver-risk server. docs/settings.md lists the environment variables that all commands heed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(serve.serve)
app.command()(reload.reload)
app.command(name="import")(imports.import_files)
app.command()(demo.demo)
app.command()(doctor.doctor)
app.add_typer(audit.app, name="audit")
app.command()(health.health)
app.add_typer(bench.app, name="bench")
app.add_typer(cache.app, name="cache")
app.add_typer(db.app, name="db")
app.add_typer(devices.app, name="devices")
app.add_typer(drivers.app, name="drivers")
app.add_typer(score.app, name="score")
app.add_typer(tokens.app, name="tokens")
app.add_typer(users.app, name="users")


def command() -> TyperCommand | TyperGroup:
    """The whole command line. Lines of a paragraph are one in its help, which a terminal then breaks where it ends."""
    whole = typer.main.get_command(app)
    assert isinstance(whole, TyperGroup)
    _flow(whole)
    return whole


def _flow(command: TyperCommand | TyperGroup) -> None:
    if command.help:
        paragraphs = inspect.cleandoc(command.help).split("\n\n")
        command.help = "\n\n".join(each if each.startswith(" ") else " ".join(each.split()) for each in paragraphs)
    for inner in command.commands.values() if isinstance(command, TyperGroup) else ():
        assert isinstance(inner, TyperCommand | TyperGroup)
        _flow(inner)


def main() -> None:
    try:
        command()()
    except RoadlensError as error:
        detail = " ".join(error.detail.split())
        if not log.ended(detail):
            print(f"roadlens: {detail}", file=sys.stderr)
        sys.exit(1)
