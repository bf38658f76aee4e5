"""`roadlens drivers`: all that is held about one, as a file; and erasing one."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, TextIO

import typer

from roadlens.api import personal_file
from roadlens.cli.counted import counted
from roadlens.cli.operator import operator
from roadlens.cli.whole_file import whole_file
from roadlens.errors import InvalidInput
from roadlens.settings import read_settings
from roadlens.storage.database import Database, WriteSession
from roadlens.telemetry.erasure import Erased, erase_driver
from roadlens.wiring import open_command

app = typer.Typer(help="Drivers: hand out what is held about one, erase one.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="Such as DRV-0001.")]


@app.command()
def export(
    driver_id: Id,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; without it, standard output.")
    ] = None,
) -> None:
    """Write all that is held about a driver as one document of JSON. The log notes it.

    The file appears when it is whole, and nobody else may read it.

    Examples:

      roadlens drivers export DRV-0001 -o driver.json

      roadlens drivers export DRV-0001 | jq '.trips | length'
    """
    if output is None:
        asyncio.run(_export(driver_id, sys.stdout))
        return
    with whole_file(output) as file:
        asyncio.run(_export(driver_id, file))
    print(f"All that is held about {driver_id} is in {output}.")


@app.command()
def erase(
    driver_ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Such as DRV-0001; several may be named.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the id again.")] = False,
) -> None:
    """Erase drivers for good: person, assignments, trips, events, scores, positions, and the values in the log.

    Also those who were deleted before. It cannot be undone; a backup from before has them still. After restoring one,
    erase them again.

    Examples:

      roadlens drivers erase DRV-0001

      roadlens drivers erase DRV-0001 DRV-0007 --yes
    """
    if not yes:
        for driver_id in driver_ids:
            if typer.prompt(f"This cannot be undone. Type {driver_id} again to erase the driver") != driver_id:
                raise InvalidInput("That is not the id: nobody was erased.")
    for driver_id, done in zip(driver_ids, asyncio.run(_erase(driver_ids)), strict=True):
        _tell(driver_id, done)


def _tell(driver_id: str, done: Erased) -> None:
    if done.erased_as is None:
        print(f"{driver_id}: nothing is held about such a driver")
        return
    print(
        f"{driver_id}: erased {counted(done.trips, 'trip')}, {counted(done.positions, 'position')} and "
        f"{counted(done.assignments, 'assignment')}; the log keeps "
        f"{counted(done.audit_entries, 'entry', 'entries')} without values as {done.erased_as}"
    )
    if done.vehicles:
        print(f"nobody else has driven {', '.join(done.vehicles)}: delete what is the person's own")


async def _erase(driver_ids: list[str]) -> list[Erased]:
    """One after the other, each in a transaction of its own: one that fails leaves those before it erased."""
    who = operator()

    async def each(database: Database, driver_id: str) -> Erased:
        async def run(session: WriteSession) -> Erased:
            return await erase_driver(session, who, driver_id)

        return await database.retrying(run)

    async with open_command(read_settings(), "drivers erase") as wiring:
        return [await each(wiring.database, driver_id) for driver_id in driver_ids]


async def _export(driver_id: str, file: TextIO) -> None:
    async with (
        open_command(read_settings(), "drivers export") as wiring,
        aclosing(personal_file.parts(wiring.database, operator(), driver_id)) as parts,
    ):
        async for part in parts:
            file.write(part)
