"""`roadlens score forget`: what a version has made of history is removed; it is a draft again."""

from __future__ import annotations

import asyncio
import shutil
from typing import Annotated

import typer

from roadlens.cli.operator import operator
from roadlens.settings import Settings, read_settings
from roadlens.telemetry import switching
from roadlens.wiring import open_command


def forget(
    version: Annotated[int, typer.Argument(metavar="VERSION", help="It will not be switched to.")],
) -> None:
    """Remove what a version has made of history beside what is live: rows and files. The version stays, as a draft.

    A rebuild of it that is under way has to be ended first.

    Example:

      roadlens score forget 2
    """
    settings = read_settings()
    trips = asyncio.run(_forget(settings, version))
    # Of people who have gone meanwhile, too.
    shutil.rmtree(settings.data_dir / "rescoring" / str(version), ignore_errors=True)
    print(f"version {version} is a draft again: removed what it had made of {trips:,} trips")


async def _forget(settings: Settings, version: int) -> int:
    async with open_command(settings, "score forget") as wiring:
        return await switching.forget(wiring.database, version, actor=operator())
