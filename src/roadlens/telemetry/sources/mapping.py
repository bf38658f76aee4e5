"""A mapping file (TOML): how a foreign table of positions is written. Knows form, not which columns there are."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from roadlens.errors import InvalidInput
from roadlens.telemetry.sources.traccar import ALARMS

_Names = dict[str, str | Annotated[list[str], msgspec.Meta(min_length=1)]]


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a mapping file says; without one, what is documented holds.

    Attributes:
        columns: our name of a column → the file's, or several whose cells are joined by a space.
        constants: our name of a column → the value that it has in every row.
        alarms: the file's word for an alarm → Traccar's.
        delimiter: between cells; None: what the first line shows.
        encoding: of the text.
        decimal: the decimal point.
        timezone: of times without an offset.
        time_format: of times that are not ISO 8601, as `strptime` reads it.
    """

    columns: _Names | None = None
    constants: dict[str, str | bool | int | float] = {}
    alarms: dict[str, str] = {}
    delimiter: str | None = None
    encoding: str = "utf-8"
    decimal: Literal[".", ","] = "."
    timezone: str | None = None
    time_format: str | None = None


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises:
        InvalidInput: it cannot be read, or says something that cannot be.
    """
    try:
        mapping = msgspec.toml.decode(path.read_bytes(), type=Mapping)
        for says, test in _TESTS.items():
            _check(says, test, mapping)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise InvalidInput(f"{path}: {error}") from error
    return mapping


def _check(says: str, test: Callable[[Mapping], object], mapping: Mapping) -> None:
    try:
        good = test(mapping)
    except (LookupError, ValueError, OSError, re.error):
        good = False
    if not good:
        raise ValueError(says)


def _keeps_lines(mapping: Mapping) -> bool:
    return "a\n".encode(mapping.encoding) == b"a\n"


def _reads_itself(mapping: Mapping) -> bool:
    form = mapping.time_format
    if form is not None:
        datetime.strptime(datetime(2000, 11, 22, tzinfo=UTC).strftime(form), form)  # noqa: DTZ007 - only tried
    return True


_TESTS: dict[str, Callable[[Mapping], object]] = {
    "delimiter: must be one character that is not a quote or the end of a line.": lambda mapping: (
        mapping.delimiter is None or (len(mapping.delimiter) == 1 and mapping.delimiter not in '"\r\n\0')
    ),
    "encoding: must be one in which a line's end is one byte, such as utf-8, windows-1252 or latin-1.": _keeps_lines,
    "timezone: must be one of the IANA time zones, such as Europe/Berlin.": lambda mapping: (
        mapping.timezone is None or ZoneInfo(mapping.timezone)
    ),
    f"alarms: must be Traccar's, one of {', '.join(ALARMS)}.": lambda mapping: (
        set(mapping.alarms.values()) <= set(ALARMS)
    ),
    "time_format: must be in strptime's letters, such as %d.%m.%Y %H:%M:%S.": _reads_itself,
}
