"""`roadlens score relativities`: applies a table to the drivers as they drive now."""

from __future__ import annotations

import asyncio
import csv
import math
import sys
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NamedTuple, TextIO

import typer

from roadlens.api.spreadsheet import harmless
from roadlens.calibration.document import RelativityTable, read_table
from roadlens.calibration.policies import observed
from roadlens.cli.operator import operator
from roadlens.cli.whole_file import whole_file
from roadlens.errors import Conflict, InvalidInput
from roadlens.scoring.premium import Applied, Observed, apply
from roadlens.settings import read_settings
from roadlens.storage.database import ReadSession
from roadlens.storage.reads import calibration, score_versions
from roadlens.storage.writes import audit
from roadlens.wiring import open_command


class _Drivers(NamedTuple):
    """Those with a score, by id, and how many have none."""

    driver_ids: Sequence[str]
    factors: Sequence[Mapping[str, Observed]]
    without_score: int


def relativities(
    table: Annotated[Path, typer.Argument(metavar="TABLE.json", help="What `score calibrate --out` has written.")],
    output: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Where to; without it, standard output.")
    ] = None,
    at_least: Annotated[float, typer.Option(metavar="X", help="Nobody gets less; from 0 to below 1.")] = 0.0,
    at_most: Annotated[float, typer.Option(metavar="X", help="Nobody gets more; above 1.")] = math.inf,
) -> None:
    """Print each driver's relativity, and of which factors it is made, by their newest scores. The log notes it.

    The factors' relativities and the off-balance, which makes the mean over these drivers 1, multiply to the driver's,
    unless that is a cap. Drivers without a score are left out: theirs is 1.

    Examples:

      roadlens score relativities relativities.json --csv drivers.csv

      roadlens score relativities relativities.json --at-least 0.5 --at-most 2.0
    """
    read = read_table(table)
    apply(read.factors, [], at_least=at_least, at_most=at_most)  # caps are looked at before anything is asked
    drivers, applied = asyncio.run(_applied(read, at_least, at_most))
    if output is None:
        _write(sys.stdout, read, drivers, applied)
    else:
        with whole_file(output) as file:
            _write(file, read, drivers, applied)
    capped = int(applied.capped.sum())
    print(
        f"{len(drivers.driver_ids):,} drivers, off-balance {applied.off_balance:.6f}, {capped:,} at a cap; "
        f"{drivers.without_score:,} without a score are left out",
        file=sys.stderr if output is None else sys.stdout,
    )


async def _applied(table: RelativityTable, at_least: float, at_most: float) -> tuple[_Drivers, Applied]:
    async with open_command(read_settings(), "score relativities") as wiring, wiring.database.write() as session:
        drivers = await _drivers(session, table)
        applied = apply(table.factors, drivers.factors, at_least=at_least, at_most=at_most)
        noted = {"drivers": len(drivers.driver_ids), "claims_sha256": table.source.claims_sha256}
        await audit.record(session, operator(), "export", "relativities", str(table.score_version), None, noted)
    return drivers, applied


async def _drivers(session: ReadSession, table: RelativityTable) -> _Drivers:
    """What the table's version says of every driver now.

    Raises:
        InvalidInput: a score lacks a factor of the table.
        NotFound: the table's version is not there.
        Conflict: it is half rebuilt.
    """
    version = await calibration.version(session, table.score_version)
    if str(version.parameters.get("formula")) != table.formula or version.window_days != table.window_days:
        raise InvalidInput(
            f"The table was made by another score version {table.score_version} than this database has: calibrate here."
        )
    stored, _ = await score_versions.with_active(session, version.version)
    if stored.state == "rebuilding":
        raise Conflict(
            f"Version {stored.version} {stored.stands}: it has not scored everybody yet. Run "
            f"`roadlens score rebuild {stored.version}` first."
        )
    driver_ids: list[str] = []
    factors: list[Mapping[str, Observed]] = []
    without_score = 0
    async with aclosing(calibration.everybody(session, version.today + timedelta(days=1), version.version)) as scores:
        async for batch in scores:
            for score in batch:
                if score.risk_score is None:
                    without_score += 1
                    continue
                driver_ids.append(score.driver_id)
                factors.append(observed(score, version.window_days))
    wanted = {factor.factor for factor in table.factors}
    for driver_id, found in zip(driver_ids, factors, strict=True):
        if missing := wanted - found.keys():
            raise InvalidInput(f"The score of {driver_id} has no factor {min(missing)}, the table has: calibrate anew.")
    if not driver_ids:
        raise InvalidInput(
            f"No driver has a score of version {version.version}, which the table was made for: `roadlens score "
            "versions` shows which is active; calibrate by that one."
        )
    return _Drivers(driver_ids, factors, without_score)


def _write(file: TextIO, table: RelativityTable, drivers: _Drivers, applied: Applied) -> None:
    writer = csv.writer(file, lineterminator="\n")
    names = [factor.factor for factor in table.factors]
    writer.writerow(["driver_id", "relativity", *names, "off_balance", "capped"])
    columns = [applied.by_factor[name].tolist() for name in names]
    for driver_id, relativity, capped, *parts in zip(
        drivers.driver_ids, applied.relativity.tolist(), applied.capped.tolist(), *columns, strict=True
    ):
        numbers = [f"{number:.6f}" for number in (relativity, *parts, applied.off_balance)]
        writer.writerow([harmless(driver_id), *numbers, "yes" if capped else "no"])
