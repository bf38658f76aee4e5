"""CSV in the dialects that programs write: what each row says, and what is said of a row that says nothing usable."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from roadlens.domain import EventType, from_unix_microseconds
from roadlens.storage.binary import IGNITION_KNOWN, IGNITION_ON
from roadlens.telemetry.batch import Reason
from roadlens.telemetry.sources.mapping import Mapping
from tests.support.sources import read

HEADER = "device,time,latitude,longitude,speed_kmh"
ROW = "car,2024-03-06T12:00:00Z,41.25,-96.5,36"


def table(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def cell(name: str, text: str) -> str:
    """A table of one good row in which one cell is replaced, or added."""
    names, values = HEADER.split(","), ROW.split(",")
    if name in names:
        values[names.index(name)] = text
    else:
        names, values = [*names, name], [*values, text]
    return table(",".join(values), header=",".join(names))


def test_all_documented_columns_are_read(file: Path) -> None:
    header = f"{HEADER},device_name,course,hdop,ignition,speed_limit_mph,alarm,valid"
    told = read(file, table(f"{ROW},Car one,370,0.8,on,30,hardBraking;phoneCall,true", header=header))
    claim, fix = told.readings[0].claim, told.fix
    assert (claim.unique_id, claim.name) == ("car", "Car one")
    assert from_unix_microseconds(fix.fix_time).isoformat() == "2024-03-06T12:00:00+00:00"
    assert (fix.latitude, fix.longitude, fix.speed_kmh, fix.course, fix.hdop) == (41.25, -96.5, 36, 10, 0.8)
    assert fix.speed_limit_kmh == pytest.approx(48.28032)
    assert fix.flags == IGNITION_KNOWN | IGNITION_ON
    assert fix.alarms == EventType.HARSH_BRAKING.bit | EventType.PHONE_USE.bit


def test_what_is_not_there_or_empty_is_unknown(file: Path) -> None:
    optional = table(f"{ROW},,,,,,", header=f"{HEADER},device_name,course,hdop,ignition,speed_limit_kmh,alarm")
    for content in (table(ROW), optional):
        told = read(file, content)
        assert told.readings[0].claim.name is None
        assert all(map(math.isnan, (told.fix.course, told.fix.hdop, told.fix.speed_limit_kmh)))
        assert (told.fix.flags, told.fix.alarms) == (0, 0)


@pytest.mark.parametrize(
    ("column", "text", "kmh"),
    [("speed_kmh", "36", 36.0), ("speed_kn", "10", 18.52), ("speed_mph", "10", 16.09344), ("speed_ms", "10", 36.0)],
)
def test_the_unit_stands_in_the_header(file: Path, column: str, text: str, kmh: float) -> None:
    content = table(ROW.rsplit(",", 1)[0] + f",{text}", header=HEADER.replace("speed_kmh", column))
    assert read(file, content).fix.speed_kmh == pytest.approx(kmh)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("time", "2024-03-06T13:00:00+01:00"),
        ("time", "2024-03-06 12:00:00.000Z"),
        ("time_unix_s", "1709726400"),
        ("time_unix_s", "1709726400.0"),
        ("time_unix_ms", "1709726400000"),
    ],
)
def test_times_are_iso_8601_or_unix(file: Path, column: str, text: str) -> None:
    content = table(ROW.replace("2024-03-06T12:00:00Z", text), header=HEADER.replace("time", column))
    assert read(file, content).rows == read(file, table(ROW)).rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_dialects_say_the_same(file: Path, delimiter: str, end: str, quote: str) -> None:
    rows = (HEADER, "", ROW)
    content = end.join(
        delimiter.join(f"{quote}{text}{quote}" for text in row.split(",")) if row else "" for row in rows
    )
    told = read(file, content)
    assert told.rows == read(file, table(ROW)).rows
    assert told.readings[0].line == 3


def test_quoted_cells_hold_delimiters_quotes_and_ends_of_lines(file: Path) -> None:
    content = table(f'{ROW},"Car ""7"", red\nand old"', ROW + ",x", header=f"{HEADER},device_name")
    told = read(file, content)
    assert [reading.claim.name for reading in told.readings] == ['Car "7", red\nand old', "x"]
    assert [reading.line for reading in told.readings] == [2, 4]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("latitude", "", "latitude is empty"),
        ("latitude", "north", "latitude 'north' is not a number"),
        ("latitude", "NaN", "latitude 'NaN' is not a number"),
        ("longitude", "-inf", "longitude '-inf' is not a number"),
        ("longitude", "1e999", "longitude '1e999' is not a number"),
        ("speed_kmh", "1_0", "speed_kmh '1_0' is not a number"),
        ("speed_kmh", '"3,5"', "if its comma is a decimal comma, say so in a mapping file"),
        ("speed_kmh", "", "speed_kmh is empty"),
        ("course", "N", "course 'N' is not a number"),
        ("hdop", "9" * 400, "is not a number"),
        ("time", "yesterday", "time 'yesterday' is not a time ISO 8601, such as 2026"),
        ("time", "2024-03-06T12:00:00", "has no offset from UTC: write it, or name the time zone in a mapping file"),
        ("ignition", "maybe", "ignition 'maybe' is none of true, 1, on"),
        ("device", "", "device is empty"),
        ("device", "x" * 129, "is not a device's unique id"),
        ("device", "a\0b", "is not a device's unique id"),
        ("valid", "0", "the device had no valid fix"),
    ],
)
def test_a_row_that_says_nothing_usable_is_named(file: Path, name: str, text: str, says: str) -> None:
    told = read(file, cell(name, text))
    assert told.complaint.startswith("2: ")
    assert says in told.complaint
    assert not told.readings


def test_rows_of_another_width_are_named_and_the_others_kept(file: Path) -> None:
    told = read(file, table(ROW, "car,2024", f"{ROW},more", ROW))
    assert len(told.readings) == 2
    assert [f"{line}: {says}" for line, _, says in told.complaints] == [
        "3: 2 cells, where the first line names 5",
        "4: 6 cells, where the first line names 5",
    ]


def test_a_quote_that_is_left_open_costs_what_it_swallows_and_no_more(file: Path) -> None:
    told = read(file, table(ROW, f'"{ROW}', *[ROW] * 5000))
    first = told.complaints[0]
    assert (first.line, first.reason) == (3, Reason.MALFORMED)
    assert "Is a quote left open?" in first.detail
    assert len(told.readings) > 1000


def test_bytes_that_are_no_text_cost_only_the_row_whose_device_they_name(file: Path) -> None:
    content = table(f"{ROW},good", f"{ROW},Caf\xe9", header=f"{HEADER},device_name").encode("latin-1")
    told = read(file, content)
    assert (len(told.readings), told.complaints[0].line) == (1, 3)
    assert "is not text" in told.complaints[0].detail
    assert len(read(file, content, mapping=Mapping(encoding="latin-1")).readings) == 2


def test_equal_rows_have_equal_digests_and_others_other_ones(file: Path) -> None:
    once, again = read(file, table(ROW, ROW)).rows
    assert once == again
    others = [cell("alarm", "hardBraking"), cell("hdop", "1"), cell("course", "1"), cell("ignition", "0")]
    assert len({read(file, content).fix.digest for content in [table(ROW), *others]}) == 5


def test_the_command_line_names_the_device_of_a_table_without_one(file: Path) -> None:
    content = table(ROW.removeprefix("car,"), header=HEADER.removeprefix("device,"))
    assert read(file, content, device="van").readings[0].claim.unique_id == "van"


FOREIGN = Mapping(
    columns={
        "time": ["Date", "Time"],
        "latitude": "Lat",
        "longitude": "Long",
        "speed_mph": "Speed",
        "alarm": "Event",
    },
    constants={"device": "van 7", "ignition": True, "hdop": 0.75},
    alarms={"Brake, hard": "hardBraking"},
    encoding="windows-1252",
    decimal=",",
    timezone="Europe/Berlin",
    time_format="%d.%m.%Y %H:%M:%S",
)


def test_a_mapping_tells_what_foreign_columns_mean(file: Path) -> None:
    content = (
        "Date;Time;Lat;Long;Speed;Event;Straße;Straße\n"
        "06.03.2024;13:00:00;41,25;-96,5;10,5;Brake, hard;x;y\n"
        "06.07.2024;13:00:00;41,25;-96.5;10,5;;x;y\n"
    )
    told = read(file, content.encode("windows-1252"), mapping=FOREIGN)
    (reading,) = told.readings
    assert reading.claim.unique_id == "van 7"
    assert from_unix_microseconds(reading.fix.fix_time).isoformat() == "2024-03-06T12:00:00+00:00"
    assert (reading.fix.latitude, reading.fix.longitude, reading.fix.hdop) == (41.25, -96.5, 0.75)
    assert reading.fix.speed_kmh == pytest.approx(10.5 * 1.609344)
    assert reading.fix.flags == IGNITION_KNOWN | IGNITION_ON
    assert reading.fix.alarms == EventType.HARSH_BRAKING.bit
    assert told.complaint == "3: Long '-96.5' is not a number"


def test_a_time_of_another_form_is_named(file: Path) -> None:
    content = "Date;Time;Lat;Long;Speed;Event\n2024-03-06;13:00:00;41,25;-96,5;10,5;\n"
    told = read(file, content, mapping=FOREIGN)
    assert told.complaint == "2: Date Time '2024-03-06 13:00:00' is not a time of the form '%d.%m.%Y %H:%M:%S'"
