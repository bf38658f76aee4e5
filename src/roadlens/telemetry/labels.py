"""Labels: what somebody or something better than a receiver says has happened, from a file. Knows no database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from roadlens.domain import EventType, unix_microseconds
from roadlens.errors import InvalidInput
from roadlens.telemetry.sources.rows import Row, read_rows

_SHORT = {
    "brake": EventType.HARSH_BRAKING,
    "accel": EventType.RAPID_ACCELERATION,
    "corner": EventType.HARSH_CORNERING,
}
_TYPES = {kind.value: kind for kind in EventType} | _SHORT
_DEVICE = ("device", "unique_id")
# What is looked for around a label can still be written as a time.
_FIRST, _LAST = (unix_microseconds(datetime(year, 1, 1, tzinfo=UTC)) for year in (1970, 2100))


class Label(NamedTuple):
    """One line of the file: from `start` to `end`, Unix microseconds; `device` is a unique id, if one is named."""

    line: int
    event_type: EventType
    start: int
    end: int
    device: str | None
    drive: str
    severity: str


def read_labels(path: Path) -> list[Label]:
    """The labels of a file, in its order.

    Raises:
        InvalidInput: the file or a line of it is not as it should be; it names line and column.
    """
    labels = [_label(row) for row in read_rows(path, needed=("type", "start"), known=("end", *_DEVICE))]
    if not labels:
        raise InvalidInput(f"{path}: has no labels: it needs a line for each event, below the names of the columns.")
    return labels


def _label(row: Row) -> Label:
    if (kind := _TYPES.get(row.text("type").lower())) is None:
        raise row.wrong("type", f"is none of {', '.join(_TYPES)}")
    start = row.moment("start")
    end = row.moment("end") if row.text("end") else start
    if end < start:
        raise row.wrong("end", f"is before the start, {row.text('start')}")
    for column, moment in (("start", start), ("end", end)):
        if not _FIRST <= moment < _LAST:
            raise row.wrong(column, "is not from 1970 to 2099")
    device = next((name for column in _DEVICE if (name := row.text(column))), None)
    if device is not None and "\0" in device:
        raise row.wrong("type", "is of a device whose unique id is no text: it has a NUL in it")
    return Label(row.line, kind, start, end, device, row.text("drive"), row.text("severity"))
