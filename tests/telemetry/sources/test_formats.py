"""A format is told by how a file begins, not by its name; what is none of them says what it is and what to do."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roadlens.telemetry.batch import Batch
from roadlens.telemetry.sources.mapping import Mapping
from roadlens.telemetry.validate import judge
from tests.support.fleet import NOON
from tests.support.sources import read

FORWARD = json.dumps(
    {
        "position": {"fixTime": "2024-03-06T12:00:00Z", "latitude": 41, "longitude": -96, "speed": 10},
        "device": {"uniqueId": "car"},
    }
)
TABLE = "device,time,latitude,longitude,speed_kn\ncar,2024-03-06T12:00:00Z,41,-96,10\n"
TRACK = (
    '<gpx xmlns="http://www.topografix.com/GPX/1/0"><trk><trkseg><trkpt lat="41" lon="-96">'
    "<time>2024-03-06T12:00:00Z</time><speed>5.14444444</speed></trkpt></trkseg></trk></gpx>"
)


@pytest.mark.parametrize("content", [FORWARD, TABLE, TRACK, f"\n\n  {FORWARD}\n", f"\r\n{TABLE}", f"\n{TRACK}"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_every_format_says_the_same(file: Path, content: str, bom: bytes, pack: type[bytes]) -> None:
    fix = read(file, pack(bom + content.encode())).fix
    assert (fix.latitude, fix.longitude) == (41, -96)
    assert fix.speed_kmh == pytest.approx(18.52)


def test_a_track_may_be_utf_16(file: Path) -> None:
    assert read(file, TRACK.encode("utf-16")).fix.latitude == 41


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04rest", "it is a ZIP archive or a spreadsheet: unpack it"),
        (TABLE.encode("utf-16"), "it is UTF-16: save it as CSV in UTF-8"),
        (gzip.compress(gzip.compress(TABLE.encode())), "compressed twice"),
        (b"\x7fELF\0\0", "it is binary"),
        (
            b"hello world\n",
            "begins with neither { (Traccar's JSON) nor < (GPX), and its first line does not name columns",
        ),
        (b"Zeit;L\xe4nge;Breite\n", "its first line is not utf-8 text"),
        (b"<!DOCTYPE html><html></html>", "a document type declaration"),
        (b"<html><p></html>", "not GPX: the first element is <html>. Expected <gpx>"),
        (
            b'<kml xmlns="http://www.opengis.net/kml/2.2"/>',
            "the first element is <kml> of the namespace http://www.open",
        ),
        (b'<gpx xmlns="http://example.org/2"/>', "the first element is <gpx> of the namespace http://example.org/2"),
    ],
)
def test_what_is_no_such_file_says_so(file: Path, content: bytes, says: str) -> None:
    told = read(file, content)
    assert told.error is not None
    assert says in told.error.detail
    assert str(file) in told.error.detail
    assert not told.readings


def test_an_empty_file_is_no_mistake(file: Path) -> None:
    assert read(file, b"").error is None
    assert read(file, gzip.compress(b"\n\n")).error is None


def test_forwards_name_their_device(file: Path) -> None:
    error = read(file, FORWARD, device="van").error
    assert error is not None
    assert "leave --device out" in error.detail


MAPPINGS = (None, Mapping(), Mapping(delimiter=";", decimal=",", timezone="Europe/Berlin", encoding="latin-1"))
STARTS = (b"", FORWARD.encode(), TABLE.encode(), TRACK.encode(), TRACK[:-30].encode(), b"\xff\xfe<\0", b"\x1f\x8b\x08")


@given(
    st.sampled_from(STARTS),
    st.binary(max_size=300),
    st.sampled_from(MAPPINGS),
    st.sampled_from([None, "van", "\ud800"]),
)
@example(TABLE.encode(), b"car,9999-12-31T23:59:59-23:59,41,-96,10\n", None, None)
@example(TABLE.encode(), b'"' + b"x" * 140_000, None, None)
@example(TABLE.encode().replace(b"time", b"time_unix_s"), b"car,9e11,41,-96,1e308\ncar,1e300,41,-96,1\n", None, None)
def test_any_bytes_give_results_or_rejections_only(
    file: Path, start: bytes, rest: bytes, mapping: Mapping | None, device: str | None
) -> None:
    told = read(file, start + rest, mapping=mapping, device=device)
    batch = Batch()
    for reading in told.readings:
        reading.claim.unique_id.encode()
        batch.add(reading.claim, reading.fix, reading.line)
    judge(batch.positions(), batch.lines, NOON)


cells = st.one_of(
    st.sampled_from(
        ["", "nan", "inf", "-1e999", "1_0", "41", "1,5", "true", "2024-03-06T12:00:00Z", "99" * 300, "\0", '"']
    ),
    st.text(max_size=8),
)


@given(st.lists(st.lists(cells, min_size=4, max_size=9), max_size=4))
def test_any_cells_give_results_or_rejections_only(file: Path, rows: list[list[str]]) -> None:
    header = "device;time;latitude;longitude;speed_kmh;course;hdop;alarm;valid"
    content = "\n".join([header, *(";".join(row) for row in rows)])
    told = read(file, content.encode("utf-8", "surrogatepass"))
    assert told.error is None
    for reading in told.readings:
        reading.claim.unique_id.encode()


@given(st.lists(st.tuples(cells, cells, cells, cells, cells), max_size=5))
def test_any_points_give_results_or_rejections_only(file: Path, points: list[tuple[str, ...]]) -> None:
    def quoted(text: str) -> str:
        legal = "".join(c for c in text if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
        return legal.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;").replace(">", "&gt;")

    content = "".join(
        f'<trkpt lat="{lat}" lon="{lon}"><time>{time}</time><hdop>{hdop}</hdop><speed>{speed}</speed></trkpt>'
        for lat, lon, time, hdop, speed in (map(quoted, point) for point in points)
    )
    told = read(file, f"<gpx><trk><trkseg>{content}</trkseg></trk></gpx>")
    assert (told.error is None) == bool(points)
    assert len(told.readings) + len(told.complaints) == len(points)
