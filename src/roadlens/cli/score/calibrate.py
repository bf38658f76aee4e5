"""`roadlens score calibrate`: fits claims by what the score said before, and makes a table of relativities."""

from __future__ import annotations

import asyncio
import csv
import importlib
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from roadlens.calibration.calibrate import calibrate as fit_policies
from roadlens.calibration.claims import Claims, read_claims
from roadlens.calibration.document import RelativityTable, encoded
from roadlens.calibration.model import Fit
from roadlens.calibration.policies import LeftOut, Policy, policies
from roadlens.calibration.table import relativity_table
from roadlens.cli.score import calibration_words
from roadlens.cli.whole_file import whole_file
from roadlens.errors import SetupError
from roadlens.scoring.premium import ANNUAL_DISTANCE
from roadlens.settings import read_settings
from roadlens.storage.reads import calibration, score_versions
from roadlens.storage.reads.calibration import Version
from roadlens.wiring import open_command

COMPLAINTS_SHOWN = 20


def calibrate(
    claims: Annotated[
        Path, typer.Argument(metavar="CLAIMS.csv", help="Claims by driver and period: driver_id, from, to, claims.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Keep the table there, as JSON, to apply and audit it.")
    ] = None,
    bands: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Keep the bands there, as a table for spreadsheets.")
    ] = None,
    score_version: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=2**31 - 1, help="By this version's scores; without it, the active one's."),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="FACTOR", help="Leave a factor out of the model; may be repeated.")
    ] = None,
    with_distance: Annotated[
        bool, typer.Option("--with-distance", help="Also by how far somebody drives in a year.")
    ] = False,
    folds: Annotated[int, typer.Option(min=2, max=20, help="Into how many parts drivers are divided to test it.")] = 5,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Of that division.")] = 1,
) -> None:
    """Fit claims by what the score said of each driver before the period began, and print a table of relativities.

    A Poisson model with exposure as offset: docs/calibration.md says what goes in, how to read it, and what it is not.
    Needs the extra `roadlens[calibrate]`.

    Examples:

      roadlens score calibrate claims.csv --out relativities.json

      roadlens score calibrate claims.csv --without harsh_cornering --with-distance
    """
    fit = _fit()
    read = read_claims(claims)
    for complaint in read.complaints[:COMPLAINTS_SHOWN]:
        print(complaint, file=sys.stderr)
    if (more := len(read.complaints) - COMPLAINTS_SHOWN) > 0:
        print(f"{claims}: {more:,} more lines could not be read", file=sys.stderr)
    used, left_out, version = asyncio.run(_policies(read, score_version))
    distance = [] if with_distance else [ANNUAL_DISTANCE]
    done = fit_policies(used, fit, without=[*(without or []), *distance], folds=folds, seed=seed)
    table = relativity_table(
        done,
        version=version.version,
        formula=str(version.parameters.get("formula")),
        window_days=version.window_days,
        claims_sha256=read.sha256,
        left_out={why.value: left_out[why] for why in LeftOut if left_out[why]},
    )
    print("\n".join(calibration_words.lines(table, done.portfolio.unused)))
    if out is not None:
        with whole_file(out) as file:
            file.write(encoded(table).decode())
        print(f"\nThe table is in {out}: `roadlens score relativities {out}` applies it.")
    if bands is not None:
        _write_bands(bands, table)
        print(f"\nThe bands are in {bands}.")


def _fit() -> Fit:
    """The one part that needs statsmodels; nothing else of Roadlens loads it."""
    try:
        fit: Fit = importlib.import_module("roadlens.calibration.fit").fit
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("roadlens"):
            raise
        raise SetupError(
            f"{error.name} is not installed: run `pip install 'roadlens[calibrate]'`, then try again."
        ) from error
    return fit


async def _policies(read: Claims, number: int | None) -> tuple[list[Policy], Counter[LeftOut], Version]:
    async with open_command(read_settings(), "score calibrate") as wiring, wiring.database.read() as session:
        if number is not None:
            await score_versions.scored(session, number)
        version = await calibration.version(session, number)
        used, left_out = await policies(
            session, read.periods, version.version, window_days=version.window_days, today=version.today
        )
    left_out[LeftOut.UNREADABLE] += len(read.complaints)
    return used, left_out, version


_COLUMNS = ("relativity", "low", "high", "exposure_years", "claims", "expected_claims")


def _write_bands(path: Path, table: RelativityTable) -> None:
    with whole_file(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["factor", "unit", "above", "up_to", *_COLUMNS])
        for factor in table.factors:
            for band in factor.bands:
                row: Sequence[object] = [getattr(band, name) for name in _COLUMNS]
                writer.writerow([factor.factor, factor.unit, band.above, band.up_to, *row])
