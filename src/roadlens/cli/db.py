"""`roadlens db`: the database's schema, its address for other programs, and how long positions are kept."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from roadlens.cli.operator import operator
from roadlens.domain import SHORTEST_RETENTION_DAYS
from roadlens.errors import InvalidInput, Overloaded, SetupError
from roadlens.settings import Settings, read_settings
from roadlens.storage import migrate
from roadlens.storage.embedded.provider import running_url
from roadlens.storage.reads import partitions
from roadlens.telemetry import retention
from roadlens.telemetry.retention import Retained
from roadlens.wiring import open_command

app = typer.Typer(help="The database: its schema, its address, how long positions are kept.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the database to the newest schema. `serve` does so too.

    Example:

      DATABASE_URL=postgresql://roadlens@db/roadlens roadlens db upgrade
    """
    asyncio.run(_upgrade(read_settings()))
    print(f"The database has schema {migrate.head()}, the newest.")


@app.command()
def url() -> None:
    """Print the address of the running database, alone on a line, for other programs.

    Example:

      psql "$(roadlens db url)"
    """
    settings = read_settings()
    if address := settings.direct_database_url or settings.database_url:
        print(address.get_secret_value())
        return
    running = running_url(settings.data_dir)
    if running is None:
        raise SetupError(
            f"No database runs in {settings.data_dir}. `roadlens serve` (or `make run`) starts it; ROADLENS_DATA_DIR "
            "names another directory."
        )
    print(running)


@app.command()
def retain(
    days: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=SHORTEST_RETENTION_DAYS,
            max=36500,
            help="Keep the positions of the last N days. Without it, what ROADLENS_POSITION_RETENTION_DAYS says.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be dropped, and drop nothing.")] = False,
) -> None:
    """Drop old positions for good, in whole months (UTC). Trips, events and scores stay; trips lose their tracks.

    A month goes when its last day is older than N days. Servers may run meanwhile. Positions that come later and are as
    old are not kept.

    Examples:

      roadlens db retain --days 365 --dry-run

      roadlens db retain --days 365
    """
    settings = read_settings()
    days = settings.position_retention_days if days is None else days
    if days is None:
        raise InvalidInput(
            "Say how many days of positions to keep: --days 365, or ROADLENS_POSITION_RETENTION_DAYS=365."
        )
    done = asyncio.run(_retain(settings, days, dry_run))
    for old in done.dropped:
        print(f"{old.month.first:%Y-%m}  {old.positions:>15,} positions  {_megabytes(old.month.bytes)}")
    what = f"{len(done.dropped):,} months with {done.positions:,} positions, {_megabytes(done.bytes).strip()}"
    print(f"{'would drop' if dry_run else 'dropped'} {what}")
    print(f"positions {'would be' if dry_run else 'are'} kept from {done.kept_from:%Y-%m-%d} on")


@app.command()
def status() -> None:
    """Show the schema, from when on positions are kept, and the months of positions with their sizes.

    Numbers of positions are PostgreSQL's estimates.

    Example:

      roadlens db status
    """
    asyncio.run(_status(read_settings()))


async def _retain(settings: Settings, days: int, dry_run: bool) -> Retained:
    async with open_command(settings, "db retain") as wiring:
        if dry_run:
            return await retention.foresee(wiring.database, days)
        done = await retention.retain(wiring.database, days, actor=operator())
    if done is None:
        raise Overloaded("Somebody else is dropping positions just now. Try again in a minute, if that is not enough.")
    return done


async def _status(settings: Settings) -> None:
    async with open_command(settings, "db status") as wiring, wiring.database.read() as session:
        kept_from, months = await partitions.kept_from(session), await partitions.months(session)
    print(f"schema     {migrate.head()}")
    print(f"positions  {'all are kept' if kept_from is None else f'kept from {kept_from:%Y-%m-%d} on'}")
    for month in months:
        about = "not counted yet" if month.about is None else f"{month.about:>15,}"
        print(f"{month.first:%Y-%m}  {about} positions  {_megabytes(month.bytes)}")
    print(f"{len(months):,} months, {_megabytes(sum(month.bytes for month in months)).strip()}")


def _megabytes(count: int) -> str:
    return f"{count / 1e6:>10,.1f} MB"


async def _upgrade(settings: Settings) -> None:
    async with open_command(settings, "db upgrade"):
        pass  # opening upgrades
