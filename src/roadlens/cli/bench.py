"""`roadlens bench`: makes what measurements are made on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from roadlens.settings import read_settings
from roadlens.telemetry.generated.fill import Generated, generate
from roadlens.telemetry.generated.traits import MOST_TRIPS_PER_DRIVER, Plan
from roadlens.wiring import open_command

app = typer.Typer(help="Measuring: a portfolio of any size.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Without this, a group of one command would be that command."""


@app.command("generate")
def generate_(
    drivers: Annotated[int, typer.Option(min=1, max=999_999, help="How many drivers.")],
    trips_per_driver: Annotated[
        int, typer.Option(min=1, max=MOST_TRIPS_PER_DRIVER, help="Their mean; some drive a lot, some hardly.")
    ],
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Another number, another portfolio.")] = 1,
) -> None:
    """Fill a database that has no trips with a portfolio of any size, for measuring: drivers, trips, events, scores.

    Trips are written as they are, over the 90 days up to yesterday; they have no positions, so a trip shows no track.
    What is summed up from them is exact: `roadlens doctor` finds no difference. All of it is one transaction: who
    interrupts it leaves the database as it was. Until its end, nobody else can read trips.

    Examples:

      ROADLENS_DATA_DIR=bench-data roadlens bench generate --drivers 1000 --trips-per-driver 100

      ROADLENS_DATA_DIR=bench-data roadlens bench generate --drivers 100000 --trips-per-driver 100
    """
    made = asyncio.run(_generate(Plan(drivers, trips_per_driver, seed)))
    if not made.new:
        print("this portfolio is there already")
    print(f"{drivers:,} drivers with {made.trips:,} trips and {made.events:,} safety events up to {made.last_day}")


async def _generate(plan: Plan) -> Generated:
    """With a bar on a terminal, a line for each kind of work."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<29}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    async with open_command(read_settings(), "bench generate") as wiring:
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:

            def show(what: str, share: float) -> None:
                current = bar.tasks[-1] if bar.tasks else None
                if current is None or current.description != what:
                    if current is not None:
                        bar.update(current.id, completed=1.0)
                    bar.add_task(what, total=1.0)
                bar.update(bar.tasks[-1].id, completed=share)

            return await generate(wiring.database, plan, now=datetime.now(UTC), progress=show)
