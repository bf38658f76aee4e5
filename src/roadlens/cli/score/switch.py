"""`roadlens score switch`: another version scores from now on, and all history is as it would be had it always."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Annotated

import typer

from roadlens.cli.operator import operator
from roadlens.errors import InvalidInput
from roadlens.settings import read_settings
from roadlens.telemetry import switching
from roadlens.telemetry.switching import Switched
from roadlens.wiring import open_command


def switch(
    version: Annotated[int, typer.Argument(metavar="VERSION", help="History has been scored by it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Let a version score from now on, and show all history as it has scored it. All of it in one transaction.

    `roadlens score rebuild VERSION` comes first, and `roadlens score compare` says what will change. Deliveries wait
    while it runs, and lose nothing; whoever reads goes on reading. Interrupted, it has changed nothing.

    Example:

      roadlens score switch 2
    """
    if not yes and not typer.confirm(f"Every driver's score will be version {version}'s. Go on?", err=True):
        raise InvalidInput("Nothing was changed.")
    began = time.monotonic()
    tell(version, asyncio.run(_switch(version)), time.monotonic() - began)


def tell(version: int, done: Switched, seconds: float) -> None:
    """Say what was done."""
    print(f"version {version} scores from now on; version {done.before} did before")
    print(
        f"{done.trips:,} trips taken over, {done.kept:,} scored over the events that they had, "
        f"{done.devices:,} devices cut again; {seconds:,.1f} s"
    )


async def _switch(version: int) -> Switched:
    async with open_command(read_settings(), "score switch") as wiring:
        return await switching.switch(
            wiring.database, version, actor=operator(), progress=lambda doing: print(doing, file=sys.stderr)
        )
