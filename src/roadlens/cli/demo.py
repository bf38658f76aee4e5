"""`roadlens demo`: fills the database with the demonstration fleet, or brings the one that is there up to now."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from roadlens.settings import read_settings
from roadlens.storage.database import Database
from roadlens.telemetry.batch import Reason
from roadlens.telemetry.demo import fill
from roadlens.wiring import open_command


def demo(
    drivers: Annotated[int, typer.Option(min=1, max=9_999, help="How many drivers.")] = fill.DRIVERS,
    days: Annotated[
        int, typer.Option(min=1, max=365, help="How many days they have been driving, up to now.")
    ] = fill.DAYS,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Another number, another fleet.")] = fill.SEED,
) -> None:
    """Fill the database with a simulated fleet, through the steps that real drives take.

    Run again, it adds what the same fleet has driven since, and completes a run that was interrupted. Nothing is added
    twice. Other drivers in the database stay as they are.

    Examples:

      roadlens demo

      roadlens demo --drivers 20 --days 14
    """
    summary = asyncio.run(_demo(fill.Plan(drivers, days, seed)))
    outcome = summary.outcome
    print(f"added {summary.drivers_added:,} drivers")
    print(f"kept {outcome.kept:,} positions: {outcome.trips:,} new trips with {outcome.events:,} safety events")
    if outcome.dropped[Reason.DUPLICATE]:
        print(f"dropped {outcome.dropped[Reason.DUPLICATE]:,} positions that were there before")


async def _demo(plan: fill.Plan) -> fill.Summary:
    async with open_command(read_settings(), "demo") as wiring:
        return await simulate(wiring.database, plan)


async def simulate(database: Database, plan: fill.Plan) -> fill.Summary:
    """Fill in a fleet up to now, with a bar on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("Driving", total=1.0)
        return await fill.fill(
            database,
            **plan._asdict(),
            until=datetime.now(UTC),
            progress=lambda share: bar.update(task, completed=share),
        )
