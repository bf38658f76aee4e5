"""What must hold for whatever comes to each parser: bytes go in, and a broken promise is an `AssertionError`.

Nothing but the documented errors comes out, a record is kept or complained of by its line, and no position comes out
that did not go in. Atheris and Hypothesis choose the bytes.
"""

from __future__ import annotations

import json
import math
import re
import tempfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from starlette.exceptions import HTTPException

from roadlens.api import ingest_body
from roadlens.api.cursor import Cursors
from roadlens.cache.entry import Entry
from roadlens.cache.entry import Unreadable as UnreadableEntry
from roadlens.errors import InvalidInput
from roadlens.storage.change_feed import messages
from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry.batch import Batch, Complaint, Fix, Rejected
from roadlens.telemetry.sources import formats, forwards, phone, traccar
from roadlens.telemetry.sources.files import InputFile
from roadlens.telemetry.sources.mapping import Mapping as TableMapping
from roadlens.telemetry.sources.mapping import read_mapping
from roadlens.telemetry.sources.source import Description
from roadlens.telemetry.validate import judge

_NOW: Final = datetime(2026, 11, 22, tzinfo=UTC)
_COMMA: Final = TableMapping(decimal=",", timezone="Europe/Berlin")
_NUMBER: Final = re.compile(r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?")
_CURSORS: Final = Cursors(b"a secret")


def table(data: bytes) -> None:
    """A file that is no JSON and no XML, read with and without a mapping."""
    for mapping in (None, _COMMA):
        _file(data, Description(device=None, mapping=mapping))
    _file(data, Description(device="car-1"))


def track(data: bytes) -> None:
    """A file as it is, and within a track."""
    _file(data, Description(device="car-1"))
    _file(b"<gpx><trk><trkseg>" + data, Description(device="car-1"))


def file(data: bytes) -> None:
    """A file of any format."""
    _file(data, Description())


def one_forward(data: bytes) -> None:
    """A body of `/ingest/traccar` and of `/ingest/traccar/events`."""
    for read in (traccar.read, traccar.read_event):
        with suppress(Rejected):
            claim, fix = read(data)
            _is_at(fix, _json(data)["position"])
            _can_be_stored(claim.unique_id, fix)


def one_report(data: bytes) -> None:
    """A body of `/ingest/phone`."""
    with suppress(Rejected):
        claim, fix = phone.read(data)
        _is_at(fix, _json(data)["location"]["coords"])
        _can_be_stored(claim.unique_id, fix)


def many_forwards(data: bytes) -> None:
    """A body of `/ingest/positions`: in slices of any size it is the same, and a line is what it is by itself."""
    for lines in (True, False):
        with suppress(Rejected):
            assert _read(data, 10_000, lines) == _read(data, 3, lines), "slices change what is read"
    alone = 0
    for line in filter(bytes.strip, data.split(b"\n")):
        with suppress(Rejected):
            traccar.read(line.strip())
            alone += 1
    assert alone == sum(kept for _, kept in _read(data, 10_000, True)), "a line spoils others"


def packed_body(data: bytes) -> None:
    """A body that is said to be gzip never becomes longer than it may."""
    for longest in (0, 100, 100_000):
        with suppress(HTTPException):
            assert len(ingest_body.unpack(data, longest)) <= longest


def mapping(data: bytes) -> None:
    """A mapping file, and a table that is read with it."""
    path = _place() / "mapping.toml"
    path.write_bytes(data)
    with suppress(InvalidInput):
        _file(b"device;time;lat\nA;1;2\n", Description(mapping=read_mapping(path)))


def cursor(data: bytes) -> None:
    """Only what was sealed opens."""
    with suppress(InvalidInput):
        _CURSORS.open(("drivers",), data.decode("latin-1"))
        raise AssertionError("a cursor was guessed")


def entry(data: bytes) -> None:
    """What lies in Redis, with a checksum that fits as well."""
    checked = Entry.of_value(b"", 0.0).to_bytes()[:4] + _checksum(data) + data
    for stored in (data, checked):
        with suppress(UnreadableEntry):
            found = Entry.from_bytes(stored)
            assert Entry.from_bytes(found.to_bytes()).body == found.body


def notification(data: bytes) -> None:
    """A payload of the change feed's channels; PostgreSQL hands over text."""
    payload = data.decode("utf-8", "replace")
    with suppress(ValueError):
        messages.read_change(payload)
    with suppress(ValueError):
        messages.read_acknowledgement(payload)


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    target.__name__: target
    for target in (
        file, table, track, one_forward, one_report, many_forwards, packed_body, mapping, cursor, entry, notification,
    )
}  # fmt: skip


@cache
def _directory() -> tempfile.TemporaryDirectory[str]:
    """Of this process alone, and gone with it."""
    return tempfile.TemporaryDirectory(prefix="roadlens-fuzz-")


def _place() -> Path:
    return Path(_directory().name)


def _file(data: bytes, description: Description) -> None:
    """Read a file, and compare what comes out with what went in."""
    path = _place() / "drives"
    path.write_bytes(data)
    last = data.count(b"\n") + data.count(b"\r") + 1
    is_packed = data[:2] == b"\x1f\x8b"
    with suppress(InvalidInput), InputFile(path) as opened:
        for record in formats.records(opened, description):
            assert is_packed or 1 <= record.line <= last, f"line {record.line} of {last}"
            if isinstance(record, Complaint):
                assert record.detail, "a complaint says nothing"
                continue
            _can_be_stored(record.claim.unique_id, record.fix)
            if not is_packed:
                for value in (record.fix.latitude, record.fix.longitude):
                    assert value in _numbers(data), f"{value!r} does not stand in the file"


@lru_cache(1)
def _numbers(data: bytes) -> set[float]:
    """What stands in a file, in whatever way it is written."""
    text = data.decode("latin-1").replace("\0", "")
    return {_float(found) for written in (text, text.replace(",", ".")) for found in _NUMBER.findall(written)}


def _can_be_stored(unique_id: str, fix: Fix) -> None:
    """It becomes a row, and what is then found good is a place, a speed and a time."""
    assert 0 < len(unique_id) <= 128
    assert "\0" not in unique_id
    unique_id.encode()
    batch = Batch()
    batch.add(DeviceClaim(unique_id), fix, 1)
    good, complaints = judge(batch.positions(), batch.lines, _NOW)
    assert len(complaints) == (not good[0])
    if good[0]:
        assert abs(fix.latitude) <= 90
        assert abs(fix.longitude) <= 180
        assert 0 <= fix.speed_kmh <= 400
        assert math.isnan(fix.course) or 0 <= fix.course <= 360


def _read(data: bytes, size: int, lines: bool) -> list[tuple[int, bool]]:
    """The number of each record, and whether it was kept."""
    read = []
    for batch in forwards.batches(data, size, lines=lines):
        read += [(number, True) for number in batch.lines] + [(it.line, False) for it in batch.complaints]
    return sorted(read)


def _json(data: bytes) -> Any:
    return json.loads(data.decode(errors="replace"))


def _is_at(fix: Fix, said: Mapping[str, float]) -> None:
    assert (fix.latitude, fix.longitude) == (float(said["latitude"]), float(said["longitude"])), "another place"


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _checksum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "big")
