"""CSV: a table of positions whose first line names the columns. Knows delimiters, quotes and rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import chain
from zoneinfo import ZoneInfo

from roadlens.errors import InvalidInput
from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry.batch import Complaint, Fix, Reason, Rejected
from roadlens.telemetry.sources import values
from roadlens.telemetry.sources.columns import Layout, understand
from roadlens.telemetry.sources.files import InputFile
from roadlens.telemetry.sources.mapping import Mapping
from roadlens.telemetry.sources.source import Description, Reading, Records
from roadlens.telemetry.sources.traccar import ALARMS

_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')


def records(file: InputFile, description: Description) -> Records:
    """Read the rows of a table; see `Source`."""
    mapping = description.mapping or Mapping()
    text = _text(file, mapping.encoding)
    first = next((line for line in text if line.strip()), "")
    reader = csv.reader(chain([first], text), delimiter=_delimiter(file, first, mapping), strict=True)
    try:
        header = next(reader)
    except csv.Error as error:
        raise InvalidInput(f"{file.path}:{file.number}: the line that names the columns is broken: {error}.") from error
    layout = understand(file.path, header, mapping, description.device)
    rows = _Rows(layout, mapping)
    for line, cells in _numbered(file, reader):
        try:
            claim, fix = rows.read(cells)
        except Rejected as error:
            yield Complaint(line, error.reason, error.detail)
        else:
            yield Reading(line, claim, fix)


def _text(file: InputFile, encoding: str) -> Iterator[str]:
    """Lines as text. Bytes that are none stay recognisable, so that a broken note does not cost a good position."""
    for line in file.lines():
        yield line.decode(encoding, "surrogateescape")


def _delimiter(file: InputFile, header: str, mapping: Mapping) -> str:
    if any("\ud800" <= character <= "\udfff" for character in header):
        raise InvalidInput(
            f"{file.path}: its first line is not {mapping.encoding} text. If it is a table in another encoding, name "
            "that in a mapping file."
        )
    if mapping.delimiter is not None:
        return mapping.delimiter
    bare = _QUOTED.sub("", header)
    delimiter = max(_DELIMITERS, key=bare.count)
    if delimiter not in bare:
        raise InvalidInput(
            f"{file.path}: is in no format that can be imported: it begins with neither {{ (Traccar's JSON) nor "
            "< (GPX), and its first line does not name columns (CSV)."
        )
    return delimiter


def _numbered(file: InputFile, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Each row that is not blank, with the line where it begins; a broken one as what is wrong with it."""
    while True:
        line = file.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, error
        else:
            if cells:
                yield line, cells


class _Rows:
    """Reads the rows of one table."""

    def __init__(self, layout: Layout, mapping: Mapping) -> None:
        self._layout = layout
        self._mapping = mapping
        self._zone = None if mapping.timezone is None else ZoneInfo(mapping.timezone)
        self._alarms = ALARMS | {theirs: ALARMS[ours] for theirs, ours in mapping.alarms.items()}
        self._device: tuple[str, str] | None = None
        self._claim = DeviceClaim("")

    def read(self, cells: list[str] | csv.Error) -> tuple[DeviceClaim, Fix]:
        """What one row says."""
        if isinstance(cells, csv.Error):
            raise Rejected(Reason.MALFORMED, f"not a row: {cells}. Is a quote left open?")
        if len(cells) != self._layout.width:
            raise Rejected(Reason.MALFORMED, f"{len(cells)} cells, where the first line names {self._layout.width}")
        row = [*map(str.strip, cells), *self._layout.constants]
        if values.yes_or_no(*self._cell(row, "valid")) is False:
            raise Rejected(Reason.NOT_VALID, "the device had no valid fix (valid: false)")
        return self._claim_of(row), self._fix_of(row)

    def _cell(self, row: list[str], quantity: str) -> tuple[str, str]:
        """The name and the text of something; no text where there is no such column."""
        place = self._layout.places.get(quantity)
        if place is None:
            return quantity, ""
        if len(place.cells) > 1:
            return place.name, " ".join(row[cell] for cell in place.cells)
        return place.name, row[place.cells[0]]

    def _claim_of(self, row: list[str]) -> DeviceClaim:
        name, device = self._cell(row, "device")
        said = (device, self._cell(row, "device_name")[1])
        if said != self._device:
            self._claim = values.claim(name, *said)
            self._device = said
        return self._claim

    def _fix_of(self, row: list[str]) -> Fix:
        decimal = self._mapping.decimal
        places = self._layout.places
        limit = places.get("speed_limit")
        return values.fix(
            fix_time=self._time(row),
            latitude=values.number(*self._cell(row, "latitude"), decimal),
            longitude=values.number(*self._cell(row, "longitude"), decimal),
            speed_kmh=values.number(*self._cell(row, "speed"), decimal) * places["speed"].unit,
            course=values.optional_number(*self._cell(row, "course"), decimal),
            hdop=values.optional_number(*self._cell(row, "hdop"), decimal),
            speed_limit_kmh=values.optional_number(*self._cell(row, "speed_limit"), decimal)
            * (1 if limit is None else limit.unit),
            ignition=values.yes_or_no(*self._cell(row, "ignition")),
            alarms=self._mask(self._cell(row, "alarm")[1]),
        )

    def _time(self, row: list[str]) -> int:
        place = self._layout.places["time"]
        name, text = self._cell(row, "time")
        if place.column != "time":
            return values.unix_moment(name, text, place.unit, self._mapping.decimal)
        return values.moment(name, text, self._zone, self._mapping.time_format)

    def _mask(self, names: str) -> int:
        """The mask of the alarms that are safety events; others are not ours."""
        if not names or names in self._alarms:
            return self._alarms.get(names, 0)
        mask = 0
        for name in re.split("[,;]", names):
            mask |= self._alarms.get(name.strip(), 0)
        return mask
