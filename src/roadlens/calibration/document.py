"""The relativity table as a file: everything that somebody needs who audits it, and who applies it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from roadlens.calibration.model import HeldOut
from roadlens.errors import InvalidInput
from roadlens.scoring.premium import FactorTable

FORMAT = "roadlens-relativities-1"


@dataclass(frozen=True, slots=True)
class Source:
    """What a table was fitted on. `first` and `until` bound all periods that were used, `until` not included."""

    claims_sha256: str
    first: date
    until: date
    policies: int
    drivers: int
    claims: int
    exposure_years: float
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Level:
    """What became of those with such a score. `relativity` is their claims a year over the portfolio's, as it was."""

    level: str
    score_from: float
    score_to: float
    exposure_years: float
    claims: int
    expected_claims: float
    relativity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativityTable:
    """A fitted table. `window_days` is the score's window, by which distances a year are reckoned.

    `dispersion` is Pearson's statistic over its degrees of freedom: 1 if claims scatter as Poisson's do. `levels` and
    `deciles` look at the risk score itself, not at the model.
    """

    format: str = FORMAT
    roadlens: str
    score_version: int
    formula: str
    window_days: float
    source: Source
    intercept: float
    dispersion: float
    factors: Sequence[FactorTable]
    levels: Sequence[Level]
    deciles: Sequence[Level]
    held_out: HeldOut
    warnings: Sequence[str]


def encoded(table: RelativityTable) -> bytes:
    """The table as JSON: the same fit gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(table), indent=2) + b"\n"


def read_table(path: Path) -> RelativityTable:
    """A table that `encoded` has written.

    Raises:
        InvalidInput: the file is not there or is no such table.
    """
    try:
        table = msgspec.json.decode(path.read_bytes(), type=RelativityTable)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path}: is no table that `roadlens score calibrate --out` has written: {error}."
        ) from error
    if table.format != FORMAT:
        raise InvalidInput(f"{path}: is of format {table.format!r}, this program reads {FORMAT!r}: calibrate anew.")
    for factor in table.factors:
        if not (factor.expected > 0 and factor.base > 0):
            raise InvalidInput(f"{path}: {factor.factor}: `expected` and `base` must be above 0.")
    return table
