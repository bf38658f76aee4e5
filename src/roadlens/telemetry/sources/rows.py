"""A small table that somebody made for us, as CSV: each value under its column's name, and where it stands.

Knows nothing of what the columns mean. Everything that is wrong names file, line and column, and says what to do.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path

from roadlens.errors import InvalidInput
from roadlens.telemetry.batch import Rejected
from roadlens.telemetry.sources import values
from roadlens.telemetry.sources.files import InputFile

_DELIMITERS = ",;\t"
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        path: the file, as it was named.
        line: where the row begins, from 1.
        cells: what stands under each column; nothing for one that the table does not have.
    """

    path: Path
    line: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """What stands there, without blanks around it; empty if nothing does."""
        return self.cells.get(column, "")

    def moment(self, column: str) -> int:
        """Unix microseconds of a time in ISO 8601 with its offset."""
        try:
            return values.moment(column, self.text(column))
        except (Rejected, OverflowError) as error:
            raise self.wrong(column, "is not a time with its offset from UTC: write 2026-11-22T08:30:00Z") from error

    def day(self, column: str) -> date:
        """A calendar day in ISO 8601."""
        try:
            return date.fromisoformat(self.text(column))
        except ValueError as error:
            raise self.wrong(column, "is not a day: write it as 2026-11-22") from error

    def count(self, column: str) -> int:
        """A whole number, 0 or more."""
        text = self.text(column)
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise self.wrong(column, "is not a whole number of 0 or more")
        return int(text)

    def positive(self, column: str) -> float:
        """A number above 0."""
        try:
            value = values.number(column, self.text(column))
        except Rejected as error:
            raise self.wrong(column, "is not a number: write it as 0.75") from error
        if not (math.isfinite(value) and value > 0):
            raise self.wrong(column, "is not above 0")
        return value

    def wrong(self, column: str, says: str) -> InvalidInput:
        """The error that a value of this row is: where it stands, how it is written, what is wrong with it."""
        text = self.text(column)
        shown = repr(text[:_SHOWN]) if text else "what is empty"
        return InvalidInput(f"{self.path}:{self.line}: column {column}: {shown} {says}.", field=column)


def read_rows(path: Path, *, needed: Sequence[str], known: Sequence[str] = ()) -> Iterator[Row]:
    """The rows of a table, plain or gzip, in UTF-8, with commas, semicolons or tabs between cells.

    Args:
        path: the file; its first line names the columns, in any order. Others than these are left alone.
        needed: columns that must be there.
        known: columns that may be there.

    Raises:
        InvalidInput: the file is not there or is no such table; it names the line and what to do.
    """
    with InputFile(path) as file:
        text = _text(file)
        first = next(text, "")
        reader = csv.reader(chain([first], text), delimiter=max(_DELIMITERS, key=first.count), strict=True)
        header = [name.strip().lower() for name in _next(file, reader) or []]
        _check(path, header, needed, known)
        line = file.number + 1
        while (cells := _next(file, reader)) is not None:
            if any(cell.strip() for cell in cells):
                if len(cells) != len(header):
                    raise InvalidInput(f"{path}:{line}: {len(cells)} cells, where the first line names {len(header)}.")
                yield Row(path, line, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})
            line = file.number + 1


def _check(path: Path, header: Sequence[str], needed: Sequence[str], known: Sequence[str]) -> None:
    if missing := [name for name in needed if name not in header]:
        also = f" and may have {', '.join(known)}" if known else ""
        raise InvalidInput(
            f"{path}: its first line names no column {' and no '.join(missing)}. A table of this kind needs "
            f"{', '.join(needed)}{also}; here are {', '.join(filter(None, header)) or 'none'}."
        )
    if doubled := [name for name in (*needed, *known) if header.count(name) > 1]:
        raise InvalidInput(f"{path}: its first line names the column {doubled[0]} twice: leave one.")


def _text(file: InputFile) -> Iterator[str]:
    for line in file.lines():
        try:
            yield line.decode()
        except UnicodeDecodeError as error:
            raise InvalidInput(f"{file.path}:{file.number}: is not UTF-8 text: save the table as UTF-8.") from error


def _next(file: InputFile, reader: Iterator[list[str]]) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        raise InvalidInput(f"{file.path}:{file.number}: is no row: {error}. Is a quote left open?") from error
