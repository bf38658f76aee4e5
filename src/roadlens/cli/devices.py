"""`roadlens devices`: which devices report, whose they are, and giving one to a driver."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from roadlens.cli.operator import operator
from roadlens.settings import read_settings
from roadlens.storage.reads import devices
from roadlens.storage.reads.devices import DeviceRow
from roadlens.telemetry.delivery import Ingest, Outcome
from roadlens.wiring import open_command

_PAGE = 1000

app = typer.Typer(help="Devices: list those that report, assign one to a driver and a vehicle.", no_args_is_help=True)

Moment = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="UTC.")]


@app.command("list")
def list_(
    unassigned: Annotated[bool, typer.Option("--unassigned", help="Only those that nobody has now.")] = False,
) -> None:
    """List devices with their driver, vehicle, number of positions and last report.

    Example:

      roadlens devices list --unassigned
    """
    for device in asyncio.run(_list(unassigned)):
        whose = "unassigned"
        if device.driver is not None and device.vehicle is not None:
            whose = f"{device.driver.driver_id} {device.vehicle.vehicle_id}"
        seen = device.last_fix_at.isoformat() if device.last_fix_at else "never"
        print(f"{device.unique_id}\t{whose}\t{device.positions} positions\tlast {seen}\t{device.name or ''}")


@app.command()
def assign(
    unique_id: Annotated[str, typer.Argument(help="What the device calls itself.")],
    driver: Annotated[str, typer.Option(help="Driver id, such as DRV-0001.")],
    vehicle: Annotated[str, typer.Option(help="Vehicle id, such as VEH-0001.")],
    valid_from: Moment = None,
    valid_to: Moment = None,
) -> None:
    """Assign a device; the positions it has sent during that time become trips.

    Example:

      roadlens devices assign nds-blackbox-1 --driver DRV-0001 --vehicle VEH-0001
    """
    outcome = asyncio.run(_assign(unique_id, driver, vehicle, valid_from, valid_to))
    print(f"{unique_id} is assigned to {driver} in {vehicle}: {outcome.trips:,} new trips, {outcome.events:,} events")


async def _list(unassigned: bool) -> list[DeviceRow]:
    """All of them: page after page, of one moment."""
    found: list[DeviceRow] = []
    async with open_command(read_settings(), "devices") as wiring, wiring.database.read() as session:
        while page := await devices.page(
            session, unassigned=unassigned or None, after=found[-1].unique_id if found else "", limit=_PAGE
        ):
            found += page
    return found


async def _assign(
    unique_id: str, driver: str, vehicle: str, valid_from: datetime | None, valid_to: datetime | None
) -> Outcome:
    async with open_command(read_settings(), "devices") as wiring:
        ingest = await Ingest.open(wiring.database, wiring.journal.around)
        return await ingest.assign(
            unique_id,
            driver,
            vehicle,
            valid_from=valid_from and valid_from.replace(tzinfo=UTC),
            valid_to=valid_to and valid_to.replace(tzinfo=UTC),
            actor=operator(),
        )
