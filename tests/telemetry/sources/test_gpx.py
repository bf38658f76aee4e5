"""GPX as programs write it, and XML as nobody should."""

from __future__ import annotations

import gzip
import math
import tracemalloc
from pathlib import Path

import pytest

from roadlens.domain import from_unix_microseconds
from roadlens.telemetry.sources import formats
from roadlens.telemetry.sources.files import InputFile
from roadlens.telemetry.sources.source import Description
from tests.support.sources import read

GPX = 'xmlns="http://www.topografix.com/GPX/1/1" xmlns:g="http://www.garmin.com/xmlschemas/TrackPointExtension/v2"'


def point(second: int, inner: str = "<speed>10</speed>", latitude: float | str = 41.0) -> str:
    time = f"<time>2024-03-06T12:{second // 60:02}:{second % 60:02}Z</time>"
    return f'<trkpt lat="{latitude}" lon="-96.5">\n<ele>300</ele>{time}{inner}</trkpt>\n'


def track(*points: str, name: str = "", metadata: str = "", root: str = GPX) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" {root}>{metadata}'
        f"<trk>{name}<trkseg>{''.join(points)}</trkseg></trk></gpx>"
    )


def test_a_point_is_read_in_our_units(file: Path) -> None:
    inner = "<hdop>0.9</hdop><extensions><g:TrackPointExtension><g:speed>10</g:speed><g:course>361</g:course>"
    inner += "</g:TrackPointExtension></extensions>"
    told = read(file, track(point(61, inner)), device="van")
    fix = told.fix
    assert told.readings[0].line == 2
    assert told.readings[0].claim.unique_id == "van"
    assert from_unix_microseconds(fix.fix_time).isoformat() == "2024-03-06T12:01:01+00:00"
    assert (fix.latitude, fix.longitude, fix.speed_kmh, fix.course, fix.hdop) == (41.0, -96.5, 36.0, 1.0, 0.9)


@pytest.mark.parametrize(
    "inner",
    [
        "<speed>10</speed><course>90</course>",
        "<extensions><g:TrackPointExtension><g:course>90</g:course><g:speed>10</g:speed></g:TrackPointExtension></extensions>",
        '<extensions xmlns:o="https://osmand.net/docs/technical/osmand-file-formats/osmand-gpx"><o:speed>10</o:speed>'
        "<course>90</course></extensions>",
        '<extensions><x:speed xmlns:x="http://example.org">99</x:speed><speed>10</speed><course>90</course></extensions>',
        "<!-- c --><speed> 1<![CDATA[0]]> </speed><course>90</course>",
    ],
)
def test_speeds_stand_where_programs_put_them(file: Path, inner: str) -> None:
    fix = read(file, track(point(0, inner))).fix
    assert (fix.speed_kmh, fix.course) == (36.0, 90.0)


def test_an_extension_of_unknown_unit_is_passed_over_and_the_speed_derived(file: Path) -> None:
    inner = '<extensions><x:speed xmlns:x="http://example.org">99</x:speed></extensions>'
    told = read(file, track(point(0, inner), point(1, inner, 41.0001)))
    assert [fix.speed_kmh for fix in told.fixes] == pytest.approx([40.03, 40.03], abs=0.01)
    assert all(math.isnan(fix.course) for fix in told.fixes)


@pytest.mark.parametrize(
    "root",
    ["", 'xmlns="http://www.topografix.com/GPX/1/0"', 'xmlns="https://www.topografix.com/GPX/1/1/"'],
)
def test_older_and_looser_files_are_read(file: Path, root: str) -> None:
    assert read(file, track(point(0), root=root)).fix.speed_kmh == 36


def test_a_prefix_is_as_good_as_none(file: Path) -> None:
    content = (
        '<p:gpx xmlns:p="http://www.topografix.com/GPX/1/1"><p:trk><p:trkseg><p:trkpt lat="1" lon="2">'
        "<p:time>2024-03-06T12:00:00</p:time><p:speed>1</p:speed></p:trkpt></p:trkseg></p:trk></p:gpx>"
    )
    assert read(file, content).fix.latitude == 1


def test_a_device_is_named_by_the_command_the_track_the_file_or_its_name(file: Path) -> None:
    file = file.with_name("van 7.gpx.gz")
    metadata = "<metadata><name>All\n vans</name></metadata>"

    def unique_id(content: str, device: str | None = None) -> str:
        return read(file, gzip.compress(content.encode()), device=device).readings[0].claim.unique_id

    assert unique_id(track(point(0), name="<name>Van 1</name>", metadata=metadata), "van") == "van"
    assert unique_id(track(point(0), name="<name>Van 1</name>", metadata=metadata)) == "Van 1"
    assert unique_id(track(point(0), name="<name> </name>", metadata=metadata)) == "All vans"
    assert unique_id(track(point(0), name=f"<name>{'x' * 5000}</name>")) == "x" * 128
    assert unique_id(track(point(0))) == "van 7"


def test_each_track_has_its_own_name(file: Path) -> None:
    tracks = [f"<trk>{name}<trkseg>{point(0)}</trkseg></trk>" for name in ("<name>A</name>", "", "<name>B</name>")]
    told = read(file, f"<gpx>{''.join(tracks)}</gpx>")
    assert [reading.claim.unique_id for reading in told.readings] == ["A", "drives", "B"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ('<trkpt lat="41" lon="8"/>', "3: no <time>"),
        ('<trkpt lat="41" lon="8"><time>noon</time></trkpt>', "3: time 'noon' is not a time"),
        (point(1, latitude=""), "3: lat is empty"),
        (point(1, latitude="NaN"), "3: lat 'NaN' is not a number"),
        ('<trkpt lon="8"><time>2024-03-06T12:00:00Z</time></trkpt>', "3: lat is empty"),
        (point(1, "<speed>inf</speed>"), "3: speed 'inf' is not a number"),
        (point(1, "<hdop>good</hdop>"), "3: hdop 'good' is not a number"),
        (point(1, "<speed>1</speed><fix>none</fix>"), "3: the receiver had no fix"),
    ],
)
def test_a_bad_point_is_named_by_its_line_and_the_good_ones_kept(file: Path, bad: str, says: str) -> None:
    told = read(file, track(point(0).replace("\n", ""), "\n", bad, point(2)))
    assert told.complaint.startswith(says)
    assert len(told.readings) == 2
    assert told.error is None


def test_a_file_that_breaks_off_keeps_what_came_before(file: Path) -> None:
    content = track(*(point(second) for second in range(30)))
    told = read(file, content[: content.index("12:00:20")])
    assert len(told.readings) == 20
    assert told.error is not None
    assert "the XML is broken here (unclosed token)" in told.error.detail or "no element found" in told.error.detail
    assert f"{file}:43: " in told.error.detail


def test_a_part_gives_the_readings_of_the_whole(file: Path) -> None:
    """Also where speeds are derived: the last point before the break is left out, for its neighbour is not known."""
    content = track(*(point(second, "", 41 + second**2 / 1e5) for second in range(30)))
    whole = read(file, content)
    part = read(file, content[: content.index("12:00:20")])
    assert part.error is not None
    assert part.rows == whole.rows[:19]


@pytest.mark.parametrize("cut", [0.1, 0.3, 0.6, 0.95])
def test_a_truncated_gzip_keeps_what_came_before(file: Path, cut: float) -> None:
    packed = gzip.compress(track(*(point(second) for second in range(3000))).encode())
    told = read(file, packed[: int(len(packed) * cut)])
    assert told.error is not None
    assert "the file breaks off here" in told.error.detail
    assert 0 < len(told.readings) < 3000


def test_encodings_of_one_byte_are_read(file: Path) -> None:
    content = track(point(0), name="<name>Käfer</name>").replace("UTF-8", "windows-1252")
    assert read(file, content.encode("windows-1252")).readings[0].claim.unique_id == "Käfer"


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f'<!DOCTYPE gpx [<!ENTITY l0 "lol">{BOMB}]><gpx><trk><name>&l11;</name></trk></gpx>', "type declaration"),
        ('<!DOCTYPE gpx [<!ENTITY x SYSTEM "file:///etc/passwd">]><gpx><trk><name>&x;</name></trk></gpx>', "type decl"),
        ('<!DOCTYPE gpx SYSTEM "http://127.0.0.1:1/evil.dtd"><gpx/>', "type declaration"),
        ("<gpx><trk><name>&undeclared;</name></trk></gpx>", "undefined entity"),
        ("<gpx>" + "<a>" * 100_000, "nested more than 64 deep"),
        (f"<gpx a='{'x' * (2 << 20)}'/>", "one tag or text is longer than"),
        (f"<gpx>{''.join(f'<e{n}/>' for n in range(20_000))}</gpx>", "more than 10,000 names"),
        ("<gpx><rte><rtept lat='1' lon='2'/></rte><wpt lat='1' lon='2'/></gpx>", "no track points"),
        ("<gpx>&#0;</gpx>", "reference to invalid character number"),
        ("<gpx xmlns:a='x'><b:c/></gpx>", "unbound prefix"),
        ("<gpx></trk>", "mismatched tag"),
        ('<?xml version="1.0" encoding="klingon"?><gpx/>', "unknown encoding 'klingon': save it in UTF-8"),
        ('<?xml version="1.0" encoding="gb2312"?><gpx/>', "unknown encoding 'gb2312'"),
        ('<?xml version="1.0" encoding="hex"?><gpx/>', "unknown encoding 'hex'"),
    ],
)
def test_what_no_track_needs_is_refused(file: Path, content: str, says: str) -> None:
    told = read(file, content)
    assert told.error is not None
    assert says in told.error.detail
    assert not told.readings


def test_memory_does_not_grow_with_the_file(file: Path) -> None:
    def peak(points: int) -> int:
        with gzip.open(file, "wt") as stream:
            stream.write(f"<gpx {GPX}><trk><trkseg>")
            stream.writelines(point(second % 3600, "", 41 + second / 1e5) for second in range(points))
            stream.write("</trkseg></trk></gpx>")
        tracemalloc.start()
        with InputFile(file) as opened:
            count = sum(1 for _ in formats.records(opened, Description()))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == points
        return most

    small = peak(2000)
    assert peak(10_000) < small * 1.2 + 100_000
