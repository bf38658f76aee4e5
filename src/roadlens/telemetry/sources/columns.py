"""The columns of a table of positions: their names, what they say and in which unit, and how a header is understood."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from roadlens.errors import InvalidInput
from roadlens.telemetry.sources.mapping import Mapping
from roadlens.telemetry.sources.traccar import KNOT_KMH

MILE_KMH = 1.609344  # international mile in km: the yard agreement of 1959
_UNITS_KMH = {"kmh": 1.0, "kn": KNOT_KMH, "mph": MILE_KMH, "ms": 3.6}
_SHOWN = 12


class Column(NamedTuple):
    """What a column says, and the factor that turns its unit into ours: km/h, or microseconds of Unix time."""

    quantity: str
    unit: float = 1.0


_PLAIN = ("device", "device_name", "time", "latitude", "longitude", "course", "hdop", "ignition", "alarm", "valid")
COLUMNS: dict[str, Column] = {
    **{name: Column(name) for name in _PLAIN},
    "time_unix_s": Column("time", 1e6),
    "time_unix_ms": Column("time", 1e3),
    **{f"speed_{unit}": Column("speed", kmh) for unit, kmh in _UNITS_KMH.items()},
    **{f"speed_limit_{unit}": Column("speed_limit", kmh) for unit, kmh in _UNITS_KMH.items()},
}
_MEASURED = ("time", "latitude", "longitude", "speed")  # one value for a whole file would be nonsense

_MISSING = {
    "device": "the device: add a column `device`, or name the file's device with --device",
    "time": "the time: add a column `time`, `time_unix_s` or `time_unix_ms`",
    "latitude": "the latitude",
    "longitude": "the longitude",
    "speed": "the speed: add a column "
    + ", ".join(f"`speed_{unit}`" for unit in _UNITS_KMH)
    + ". The rows of a table have no order by which to derive it; the points of a GPX track have",
}


class Place(NamedTuple):
    """Where in a row something stands: its name in the header, for messages; cells, joined by a space; and its unit."""

    name: str
    cells: tuple[int, ...]
    column: str

    @property
    def unit(self) -> float:
        return COLUMNS[self.column].unit


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of one file are read. `constants` are cells that follow the `width` cells of every row."""

    width: int
    places: dict[str, Place]
    constants: tuple[str, ...]


def understand(path: Path, header: Sequence[str], mapping: Mapping, device: str | None) -> Layout:
    """The layout of a file by its header, its mapping and the device that the command line names.

    Raises:
        InvalidInput: a column is unknown, missing, or there twice.
    """
    names = [name.strip() for name in header]
    found = _documented(path, names) if mapping.columns is None else _mapped(path, names, mapping.columns)
    constants = {name: _text(value, mapping.decimal) for name, value in mapping.constants.items()}
    if device is not None:
        if any(place.column == "device" for place in found):
            raise InvalidInput(f"{path}: its rows name their device: leave --device out.")
        constants["device"] = device
    for number, name in enumerate(constants, len(names)):
        _known(f"{path}: the mapping's constants", name)
        if COLUMNS[name].quantity in _MEASURED:
            raise InvalidInput(f"{path}: the mapping's constants: {name} cannot be the same in every row.")
        found.append(Place(name, (number,), name))
    places: dict[str, Place] = {}
    for place in found:
        other = places.setdefault(COLUMNS[place.column].quantity, place)
        if other is not place:
            raise InvalidInput(f"{path}: {other.name!r} and {place.name!r} say the same: leave one of them out.")
    for quantity, says in _MISSING.items():
        if quantity not in places:
            raise InvalidInput(f"{path}: no column says {says}. A mapping file names foreign columns ({_DOCUMENTED}).")
    return Layout(len(names), places, tuple(constants.values()))


_DOCUMENTED = "--mapping, docs/file-formats.md"


def _documented(path: Path, names: Sequence[str]) -> list[Place]:
    """Places of columns that are named as documented; those without a name are passed over."""
    found, unknown = [], []
    for number, name in enumerate(names):
        if (column := name.lower()) in COLUMNS:
            found.append(Place(name, (number,), column))
        elif name:
            unknown.append(name)
    if unknown:
        # What a column may have meant is looked for in those alone that are shown: a file may have any number.
        shown = [f"{name[:40]!r}{_meant(name.lower(), COLUMNS)}" for name in unknown[:_SHOWN]]
        more = f" and {len(unknown) - _SHOWN:,} more" if len(unknown) > _SHOWN else ""
        raise InvalidInput(
            f"{path}: unknown columns {', '.join(shown)}{more}. Known are {', '.join(COLUMNS)}. A mapping "
            f"file says what foreign columns mean, and which to leave out ({_DOCUMENTED})."
        )
    return found


def _mapped(path: Path, names: Sequence[str], columns: dict[str, str | list[str]]) -> list[Place]:
    """Places of the columns that a mapping names; all others are passed over."""
    found = []
    for column, said in columns.items():
        _known(f"{path}: the mapping's columns", column)
        theirs = [said] if isinstance(said, str) else said
        if len(theirs) != 1 and column != "time":
            raise InvalidInput(f"{path}: the mapping's columns: {column} stands in one column.")
        for name in theirs:
            if names.count(name) != 1:
                many = "more than one column" if name in names else "no column"
                raise InvalidInput(f"{path}: there is {many} {name!r}{_meant(name, names)}, which the mapping names.")
        found.append(Place(" ".join(theirs), tuple(names.index(name) for name in theirs), column))
    return found


def _known(where: str, column: str) -> None:
    if column not in COLUMNS:
        raise InvalidInput(f"{where}: {column!r} is unknown{_meant(column, COLUMNS)}. Known are {', '.join(COLUMNS)}.")


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name[:40], [other for other in known if other], n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _text(value: str | bool | int | float, decimal: str) -> str:
    """A constant as it would stand in a cell."""
    if isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value).replace(".", decimal)
