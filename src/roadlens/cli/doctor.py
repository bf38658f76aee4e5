"""`roadlens doctor`: recomputes what is derived and names every difference."""

from __future__ import annotations

import asyncio

import typer

from roadlens.settings import read_settings
from roadlens.storage.reads.read_models import Difference
from roadlens.telemetry.doctor import differences
from roadlens.wiring import open_command


def doctor() -> None:
    """Recompute read models from the trips and scores from the days, and name every difference. Exit 1 if there is any.

    It also names each trigger that is missing or switched off: without it, workers do not hear of changes.

    Example:

      roadlens doctor && echo all is well
    """
    found = asyncio.run(_differences())
    for difference in found:
        print(difference)
    print(f"{len(found)} differences" if found else "no differences: read models and scores are what the trips say")
    raise typer.Exit(1 if found else 0)


async def _differences() -> list[Difference]:
    async with open_command(read_settings(), "doctor") as wiring:
        return await differences(wiring.database)
