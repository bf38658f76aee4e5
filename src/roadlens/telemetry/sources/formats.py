"""Tells which format a file is by how it begins. A name ends in whatever its owner likes, and means nothing here."""

from __future__ import annotations

from roadlens.errors import InvalidInput
from roadlens.telemetry.sources import gpx, json_lines, table
from roadlens.telemetry.sources.files import InputFile
from roadlens.telemetry.sources.source import Description, Records, Source

_XML_STARTS = (b"<", b"<\0", b"\0<", b"\xff\xfe<", b"\xfe\xff\0<")
_OTHERS = {
    b"PK\x03\x04": "a ZIP archive or a spreadsheet: unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet: save the sheet as CSV",
    b"\xff\xfe": "UTF-16: save it as CSV in UTF-8",
    b"\xfe\xff": "UTF-16: save it as CSV in UTF-8",
    b"\x1f\x8b": "compressed twice: unpack it once",
    b"BZh": "compressed with bzip2: unpack it, or use gzip",
    b"\xfd7zXZ": "compressed with xz: unpack it, or use gzip",
    b"(\xb5/\xfd": "compressed with zstd: unpack it, or use gzip",
    b"%PDF": "a PDF",
}
KNOWN = "Traccar's JSON forwards, one a line; CSV, whose first line names the columns; or GPX (docs/file-formats.md)"


def records(file: InputFile, description: Description) -> Records:
    """What a file says, whatever its format; see `Source`.

    Raises:
        InvalidInput: it is in none of the formats.
    """
    return _source(file)(file, description)


def _source(file: InputFile) -> Source:
    head = file.head()
    start = head.lstrip()
    if start.startswith(_XML_STARTS):
        return gpx.records
    if start.startswith((b"{", b"[")) or not start:
        return json_lines.records
    other = next((what for magic, what in _OTHERS.items() if head.startswith(magic)), None)
    if other is None and b"\0" in start.partition(b"\n")[0]:
        other = "binary"
    if other is not None:
        raise InvalidInput(f"{file.path}: cannot be imported as it is: it is {other}. Formats: {KNOWN}.")
    return table.records
