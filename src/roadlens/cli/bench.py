"""`roadlens bench`: makes what measurements are made on: a portfolio, and claims of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from roadlens.calibration import simulated
from roadlens.cli.counted import counted
from roadlens.cli.whole_file import whole_file
from roadlens.errors import InvalidInput
from roadlens.settings import read_settings
from roadlens.telemetry.generated.fill import Generated, generate
from roadlens.telemetry.generated.traits import MOST_TRIPS_PER_DRIVER, Plan
from roadlens.wiring import open_command

app = typer.Typer(help="Measuring: a portfolio of any size, and claims of it.", no_args_is_help=True)

_EFFECTS = {"harsh_braking": 0.5, "speeding_share": 0.3}
_GREATEST_EFFECT = 5


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


@app.command("claims")
def claims_(
    output: Annotated[Path, typer.Argument(metavar="CLAIMS.csv", help="Where to.")],
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="First day of all periods, as 2026-11-22.")],
    until: Annotated[str, typer.Option("--to", metavar="DAY", help="First day after them.")],
    frequency: Annotated[float, typer.Option(min=1e-6, max=100, help="Mean claims of a driver in a year.")] = 0.1,
    effect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FACTOR=X",
            help="Claims rise with this power of a factor; repeatable. If none is named: braking and speeding share.",
        ),
    ] = None,
    scatter: Annotated[
        float, typer.Option(min=0, max=10, help="Variance of what makes drivers differ beside their factors.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Another number, other claims.")] = 1,
) -> None:
    """Draw claims for the drivers who have a score before a day, with effects that are known, to try calibration.

    `roadlens score calibrate` should find the effects again, the better the more claims there are.

    Examples:

      roadlens bench claims claims.csv --from 2026-10-01 --to 2026-11-01 --frequency 2

      roadlens bench claims claims.csv --from 2026-10-01 --to 2026-11-01 --effect phone_use=0.4 --scatter 0.5
    """
    begin, end = _day("--from", first), _day("--to", until)
    if end <= begin:
        raise InvalidInput("--to is not after --from: it is the first day after the periods.")
    effects = dict(map(_effect, effect)) if effect else _EFFECTS
    drawn = asyncio.run(_draw(begin, end, frequency, effects, scatter, seed))
    with whole_file(output) as file:
        simulated.write(file, drawn, begin, end)
    print(
        f"drew {counted(sum(each.claims for each in drawn), 'claim')} of {counted(len(drawn), 'driver')} by "
        f"{', '.join(f'{name} {power:g}' for name, power in effects.items())} into {output}"
    )


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{option} {text!r} is not a day: write it as 2026-11-22.") from error


def _effect(text: str) -> tuple[str, float]:
    name, _, power = text.partition("=")
    try:
        value = float(power)
    except ValueError:
        value = math.nan
    if not abs(value) <= _GREATEST_EFFECT:
        raise InvalidInput(
            f"--effect {text!r}: write it as harsh_braking=0.5, from -{_GREATEST_EFFECT} to {_GREATEST_EFFECT}."
        )
    return name, value


async def _draw(
    first: date, until: date, frequency: float, effects: Mapping[str, float], scatter: float, seed: int
) -> list[simulated.Drawn]:
    async with open_command(read_settings(), "bench claims") as wiring, wiring.database.read() as session:
        return await simulated.draw(
            session, first=first, until=until, frequency=frequency, effects=effects, scatter=scatter, seed=seed
        )


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
