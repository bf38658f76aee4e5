"""Claims: how many a driver had in a period, from a file. Knows no database and no model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from roadlens.errors import InvalidInput
from roadlens.telemetry.sources.rows import Row, read_rows

_NEEDED = ("driver_id", "from", "to", "claims")
_KNOWN = ("exposure_years",)
DAYS_A_YEAR = 365.25


class Period(NamedTuple):
    """A line of the file: from the day `first` until before the day `until`; `exposure` in years."""

    line: int
    driver_id: str
    first: date
    until: date
    claims: int
    exposure: float


class Claims(NamedTuple):
    """A file's periods in its order, what is wrong with the lines that are none, and the file's SHA-256."""

    periods: Sequence[Period]
    complaints: Sequence[str]
    sha256: str


def read_claims(path: Path) -> Claims:
    """The periods of a file. A line that cannot be used is left out and complained of: the others are still good.

    Raises:
        InvalidInput: the file is not there or is no such table.
    """
    periods: list[Period] = []
    complaints: list[str] = []
    for row in read_rows(path, needed=_NEEDED, known=_KNOWN):
        try:
            periods.append(_period(row))
        except InvalidInput as error:
            complaints.append(error.detail)
    with path.open("rb") as file:
        return Claims(periods, complaints, hashlib.file_digest(file, "sha256").hexdigest())


def _period(row: Row) -> Period:
    if not (driver_id := row.text("driver_id")) or "\0" in driver_id:
        raise row.wrong("driver_id", "names no driver")
    first, until = row.day("from"), row.day("to")
    if until <= first:
        raise row.wrong("to", f"is not after {first}, when the period begins: write the first day after it")
    years = row.positive("exposure_years") if row.text("exposure_years") else (until - first).days / DAYS_A_YEAR
    return Period(row.line, driver_id, first, until, row.count("claims"), years)
